/** Waiting that can be ended. */

/** Waits for so many seconds, or until the signal is aborted. */
export async function pause(seconds: number, stop: AbortSignal | undefined): Promise<void> {
  if (stop?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    stop?.addEventListener("abort", done);
  });
}
