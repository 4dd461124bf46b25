/** The Date field (RFC 9110 §6.6.1): made once a second, and only while there is somebody to tell. */

let line: string | null = null;

/** The whole field line of this second, `Date: …` with its line end. */
export function dateLine(): string {
  if (line === null) {
    const now = new Date();
    line = `Date: ${now.toUTCString()}\r\n`;
    const timer: unknown = setTimeout(() => {
      line = null;
    }, 1000 - now.getUTCMilliseconds());
    // On Node a timer is an object, and this one must not keep the process alive.
    if (typeof timer === "object") (timer as { unref?(): void }).unref?.();
  }
  return line;
}
