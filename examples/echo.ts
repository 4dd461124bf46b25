/** Answers any method and any path with 200 and the content that it received, after it has received all of it. */
import { App, type HttpRequest, HttpResponse } from "pyrois";
import { serve } from "./serve.ts";

async function echo(request: HttpRequest): Promise<HttpResponse> {
  return new HttpResponse(await request.bytes());
}

await serve(new App({ fallback: echo }), (url) => [`echo listens on ${url}`]);
