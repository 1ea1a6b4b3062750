//! A pool of values addressed by number, in pages that never move: growing it copies nothing.

/// Values a page.
const PAGE: usize = 1024;

/// Numbers are stable until removal and then used again.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    pages: Vec<Vec<T>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new(), free: Vec::new(), len: 0 }
    }

    /// How many values are in use.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Numbers ever given are below this.
    pub(crate) fn bound(&self) -> u32 {
        let full = self.pages.len().saturating_sub(1) * PAGE;
        u32::try_from(full + self.pages.last().map_or(0, Vec::len)).unwrap_or(u32::MAX)
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if let Some(id) = self.free.pop() {
            if let Some(place) = self.get_mut(id) {
                *place = value;
            }
            return id;
        }
        if self.pages.last().is_none_or(|page| page.len() == PAGE) {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        let id = self.bound();
        if let Some(page) = self.pages.last_mut() {
            page.push(value);
        }
        id
    }

    /// Gives the number back; the value stays until it is used again.
    pub(crate) fn release(&mut self, id: u32) {
        self.len = self.len.saturating_sub(1);
        self.free.push(id);
    }

    #[inline]
    pub(crate) fn get(&self, id: u32) -> Option<&T> {
        self.pages.get(id as usize / PAGE)?.get(id as usize % PAGE)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.pages.get_mut(id as usize / PAGE)?.get_mut(id as usize % PAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again_and_pages_do_not_move() {
        let mut slab = Slab::new();
        let ids: Vec<u32> = (0..3_000).map(|value| slab.insert(value)).collect();
        assert_eq!((slab.len(), slab.bound()), (3_000, 3_000));
        assert_eq!(slab.get(ids[2_500]), Some(&2_500));
        slab.release(7);
        assert_eq!(slab.insert(70), 7);
        assert_eq!((slab.get(7), slab.len()), (Some(&70), 3_000));
        assert_eq!(slab.get(3_000), None);
    }
}
