/** What is wrong with a template, or has gone wrong in it. `cause` is the error as it came. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  /** Name of the template, as it is found in the folder. */
  readonly template: string;
  /** Counted from 1; null where it is not known. */
  readonly line: number | null;

  constructor(template: string, line: number | null, message: string, options?: ErrorOptions) {
    super(`${line === null ? template : `${template}:${line}`}: ${message}`, options);
    this.template = template;
    this.line = line;
  }
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
