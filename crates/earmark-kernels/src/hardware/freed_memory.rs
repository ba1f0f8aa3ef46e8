//! What becomes of memory that is given back.

/// Keeps memory of any size that is given back in the process, for what asks next. glibc returns blocks of more than 32
/// MiB to the system at once, and a training asks for the same ones in every step: the system then clears and maps each
/// page once more.
///
/// For programs that do the same work over and over. It concerns the whole process, which stays as large as it once was,
/// so no library should call it. With other C libraries it does nothing.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt may be called at any time, takes the allocator's lock, and both pairs are ones that mallopt(3)
    // describes: no block is mapped by itself, and the top of the heap is never given back.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, -1);
    }
}

/// Keeps blocks of up to 32 MiB, and 64 MiB of free memory at the end of a heap: the thresholds to which glibc raises its
/// own in a process that gives such a block back. Below them, a program that takes up one recording after another may
/// have each of its buffers mapped and cleared again, depending on the sizes that it happened to begin with.
///
/// For a program, at its start. With other C libraries it does nothing.
pub fn raise_freed_memory_thresholds() {
    #[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
    // SAFETY: as above; both values are within the bounds of mallopt(3).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
    }
}
