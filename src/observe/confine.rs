//! What an observer that runs may ask of the kernel: to read, to write, to talk, to wait. It starts no programs, changes no
//! rights and loads nothing, whatever a packet might make of it.

use anyhow::Context;
use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};
use std::env::consts::ARCH;

/// System calls by what they are for. What is not there fails with `EPERM`.
const ALLOWED: &[&[libc::c_long]] = &[
    // Files.
    &[
        libc::SYS_close,
        libc::SYS_copy_file_range,
        libc::SYS_dup,
        libc::SYS_dup3,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_fadvise64,
        libc::SYS_fallocate,
        libc::SYS_fchmod,
        libc::SYS_fcntl,
        libc::SYS_fdatasync,
        libc::SYS_flock,
        libc::SYS_fstat,
        libc::SYS_fstatfs,
        libc::SYS_fsync,
        libc::SYS_ftruncate,
        libc::SYS_getcwd,
        libc::SYS_getdents64,
        libc::SYS_ioctl,
        libc::SYS_lseek,
        libc::SYS_mkdirat,
        libc::SYS_newfstatat,
        libc::SYS_openat,
        libc::SYS_pread64,
        libc::SYS_pwrite64,
        libc::SYS_read,
        libc::SYS_readlinkat,
        libc::SYS_readv,
        libc::SYS_renameat,
        libc::SYS_renameat2,
        libc::SYS_statfs,
        libc::SYS_statx,
        libc::SYS_sync_file_range,
        libc::SYS_umask,
        libc::SYS_unlinkat,
        libc::SYS_write,
        libc::SYS_writev,
    ],
    // Memory.
    &[
        libc::SYS_brk,
        libc::SYS_madvise,
        libc::SYS_membarrier,
        libc::SYS_mmap,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_munmap,
    ],
    // Threads and signals.
    &[
        libc::SYS_clone,
        libc::SYS_clone3,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_prctl,
        libc::SYS_prlimit64,
        libc::SYS_restart_syscall,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_set_robust_list,
        libc::SYS_sigaltstack,
        libc::SYS_tgkill,
    ],
    // Time, chance, and what this process costs.
    &[
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_getegid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_gettimeofday,
        libc::SYS_getuid,
        libc::SYS_nanosleep,
        libc::SYS_sysinfo,
        libc::SYS_uname,
    ],
    // Sockets, and waiting for them.
    &[
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_bind,
        libc::SYS_connect,
        libc::SYS_epoll_create1,
        libc::SYS_epoll_ctl,
        libc::SYS_epoll_pwait,
        libc::SYS_eventfd2,
        libc::SYS_getpeername,
        libc::SYS_getsockname,
        libc::SYS_getsockopt,
        libc::SYS_listen,
        libc::SYS_pipe2,
        libc::SYS_ppoll,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_sendmmsg,
        libc::SYS_sendmsg,
        libc::SYS_sendto,
        libc::SYS_setsockopt,
        libc::SYS_shutdown,
        libc::SYS_socket,
        libc::SYS_socketpair,
    ],
    OLDER,
];

/// What newer architectures have under other names only.
#[cfg(target_arch = "x86_64")]
const OLDER: &[libc::c_long] = &[
    libc::SYS_access,
    libc::SYS_epoll_wait,
    libc::SYS_lstat,
    libc::SYS_mkdir,
    libc::SYS_open,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_rmdir,
    libc::SYS_stat,
    libc::SYS_time,
    libc::SYS_unlink,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[libc::c_long] = &[];

/// Confines all threads, those that are yet to start included, for good.
pub fn confine() -> anyhow::Result<()> {
    let program = program().context("making the filter of system calls")?;
    apply_filter_all_threads(&program)
        .context("setting the filter of system calls (seccomp); --no-seccomp does without")
}

fn program() -> anyhow::Result<BpfProgram> {
    #[allow(clippy::useless_conversion, reason = "the numbers are narrower on some architectures")]
    let rules = ALLOWED.iter().copied().flatten().map(|&call| (i64::from(call), Vec::new()));
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter =
        SeccompFilter::new(rules.collect(), refused, SeccompAction::Allow, ARCH.try_into()?)?;
    Ok(filter.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// In a process of its own: there is no way back.
    #[test]
    fn no_program_is_started_any_more() {
        const CONFINED: &str = "WIRELAT_TEST_CONFINED";
        if std::env::var_os(CONFINED).is_some() {
            confine().unwrap();
            let written = tempfile::NamedTempFile::new()
                .and_then(|mut file| std::io::Write::write_all(&mut file, b"still allowed"));
            let listening = std::net::TcpListener::bind("127.0.0.1:0");
            let threads = std::thread::spawn(|| 7).join();
            assert!(written.is_ok() && listening.is_ok() && threads.is_ok_and(|seven| seven == 7));
            let refused = Command::new("/bin/true").status().unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
            return;
        }
        let this = std::env::current_exe().unwrap();
        let name = "observe::confine::tests::no_program_is_started_any_more";
        let child = Command::new(this).args(["--exact", name]).env(CONFINED, "1").output().unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    }
}
