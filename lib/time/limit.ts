/**
 * What `work` comes to, if it does in time. Work that is late goes on; nobody is told how it ends.
 * @throws what `late` makes, once `limitMs` have passed.
 */
export async function withinLimit<T>(work: PromiseLike<T>, limitMs: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
