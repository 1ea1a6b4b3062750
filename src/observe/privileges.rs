//! Root attaches; somebody else observes.

use anyhow::Context;
use nix::unistd::{Uid, User, setgid, setgroups, setuid};
use std::os::unix::fs::lchown;
use std::path::Path;

/// Whom to become: nobody else where this process is not root, or is to stay root.
pub fn find(name: &str) -> anyhow::Result<Option<User>> {
    if !Uid::effective().is_root() || name == "root" {
        return Ok(None);
    }
    let user = User::from_name(name).with_context(|| format!("looking up the user {name}"))?;
    let advice =
        || format!("there is no user {name}; name one with --user, or `root` to stay root");
    Ok(Some(user.with_context(advice)?))
}

/// Makes a directory, and gives it and what lies in it to the user.
pub fn hand_over(directory: &Path, user: &User) -> anyhow::Result<()> {
    let cannot = || format!("cannot give {} to the user {}", directory.display(), user.name);
    std::fs::create_dir_all(directory).with_context(cannot)?;
    give(directory, user).with_context(cannot)
}

fn give(path: &Path, user: &User) -> anyhow::Result<()> {
    lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path)? {
            give(&entry?.path(), user)?;
        }
    }
    Ok(())
}

/// Becomes the user, for good. The kernel takes all capabilities with it.
pub fn become_user(user: &User) -> anyhow::Result<()> {
    let cannot = || format!("cannot become the user {}", user.name);
    setgroups(&[user.gid]).with_context(cannot)?;
    setgid(user.gid).with_context(cannot)?;
    setuid(user.uid).with_context(cannot)?;
    anyhow::ensure!(setuid(Uid::from_raw(0)).is_err(), "{}: root again is one call away", cannot());
    Ok(())
}
