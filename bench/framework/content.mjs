/** What contenders serve, and what their answers are compared with. */
import process from "node:process";
import { z } from "zod";
import { routes } from "../router/routes.mjs";

/** Name of the workload that a contender is to serve, and nothing else. */
export const WORKLOAD = process.env.WORKLOAD ?? "static";

/** Content of the answer to GET /hello. */
export const HELLO = { hello: "world" };

/** The fields that middleware read, each of them one; a request without one of them gets 400. */
export const FIELDS = ["authorization", "accept-language", "x-request-id"];

/** Routes of an API. Each answers with its number and with the parameters in its path. */
export const ROUTES = routes.map(({ method, pattern }, number) => ({ number, method, pattern }));

/**
 * @param {string} pattern with `{name}` for a parameter
 * @returns {string} the same with `:name`, as all others write it
 */
export function withColons(pattern) {
  return pattern.replace(/\{(\w+)\}/g, ":$1");
}

/** What POST /users takes; the answer has its name and its tags. */
export const USER = z.object({
  name: z.string().min(1).max(100),
  email: z.email(),
  age: z.int().min(0).max(150),
  tags: z.array(z.string().max(20)).max(10),
  address: z.object({
    street: z.string().min(1).max(100),
    city: z.string().min(1).max(100),
    country: z.string().length(2),
  }),
});

/** The same for those who have a validator of their own. As in the other, what it does not name is taken out. */
export const USER_AS_JSON_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["name", "email", "age", "tags", "address"],
  properties: {
    name: { type: "string", minLength: 1, maxLength: 100 },
    email: { type: "string", format: "email" },
    age: { type: "integer", minimum: 0, maximum: 150 },
    tags: { type: "array", maxItems: 10, items: { type: "string", maxLength: 20 } },
    address: {
      type: "object",
      additionalProperties: false,
      required: ["street", "city", "country"],
      properties: {
        street: { type: "string", minLength: 1, maxLength: 100 },
        city: { type: "string", minLength: 1, maxLength: 100 },
        country: { type: "string", minLength: 2, maxLength: 2 },
      },
    },
  },
};
