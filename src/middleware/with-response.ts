import { isPromise } from "../app/handler.ts";
import { type Answer, type HttpResponse, toResponse } from "../http/index.ts";

/** The response that an answer means, changed; at once where the answer is there at once. */
export function withResponse(
  answer: Answer | Promise<Answer>,
  change: (response: HttpResponse) => void,
): HttpResponse | Promise<HttpResponse> {
  const changed = (value: Answer) => {
    const response = toResponse(value);
    change(response);
    return response;
  };
  return isPromise(answer) ? Promise.resolve(answer).then(changed) : changed(answer);
}
