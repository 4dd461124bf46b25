import type { HttpRequest } from "../../src/index.ts";
import { HttpResponse } from "../../src/index.ts";

/** What examples/echo does. */
export async function echo(request: HttpRequest): Promise<HttpResponse> {
  return new HttpResponse(await request.bytes());
}
