/** An answer in place of the stream that was asked for. */
export class UnexpectedResponseError extends Error {
  override readonly name = "UnexpectedResponseError";
  readonly status: number;
  readonly headers: Headers;
  /** The content of the answer, as text. */
  readonly body: string;

  constructor(message: string, status: number, headers: Headers, body: string) {
    super(body === "" ? message : `${message}: ${body.trim()}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}
