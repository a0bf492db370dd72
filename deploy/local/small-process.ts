/**
 * Environment of a process that is to stay small. One arena for all threads, where glibc gives each its own and keeps what
 * it was once given; large blocks go back to the system as soon as they are free; one thread for V8's background work.
 */
export const SMALL_PROCESS = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '65536',
  UV_THREADPOOL_SIZE: '2',
  NODE_OPTIONS: '--max-semi-space-size=1 --v8-pool-size=1',
} as const;
