/** Cookies for answers that others may have made, and may give to other clients too: what they made stays as it was. */
import { type Answer, HttpResponse, OwnResponse, toResponse } from "../http/index.ts";

/** The response that an answer means, with one more Set-Cookie line. Throws as `toResponse`. */
export function withCookie(answer: Answer, line: string): HttpResponse {
  const given = toResponse(answer);
  const response = given instanceof OwnResponse ? given : copy(given);
  response.headers.append("Set-Cookie", line);
  return response;
}

function copy(response: HttpResponse): HttpResponse {
  const { status, body, headers, trailers, contentType } = response;
  return new HttpResponse(body, { status, headers, ...(trailers && { trailers }) }, contentType);
}
