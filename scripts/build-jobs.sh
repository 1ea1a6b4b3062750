#!/usr/bin/env bash
# How many compilers may run at a time: one per processor, but no more than memory has room for.
set -euo pipefail

# What one rustc, or the linker with whole-program optimization, takes at worst.
KIB_PER_JOB=$((2 * 1024 * 1024))

available=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null || true)
available=${available:-$KIB_PER_JOB}
# In a container the limit of its group counts.
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
if [ "$limit" != max ] && [ $((limit / 1024)) -lt "$available" ]; then
  available=$((limit / 1024))
fi
jobs=$((available / KIB_PER_JOB))
processors=$(nproc)
if [ "$jobs" -gt "$processors" ]; then jobs=$processors; fi
if [ "$jobs" -lt 1 ]; then jobs=1; fi
echo "$jobs"
