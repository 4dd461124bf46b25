/** Who there is: sign-up, log-in, log-out. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { ConflictError, type HttpRequest, json, Router, UnauthorizedError } from "pyrois";
import { rateLimit } from "pyrois/middleware";
import { sessionOf } from "pyrois/session";
import { z } from "zod";
import type { Table } from "./table.ts";

/** A user; the name is the id, and of the password only a hash is kept. */
export interface User {
  readonly id: string;
  readonly salt: string;
  readonly hash: string;
}

const hashOf = promisify<string, string, number, Buffer>(scrypt);

const credentials = z.object({
  name: z.string().regex(/^[a-z]{2,20}$/, "a name is 2 to 20 small letters"),
  password: z.string().min(10, "a password has 10 characters at least").max(200),
});

/** The name of the user whose request it is; 401 where there is none. */
export function userOf(request: HttpRequest): string {
  const name = sessionOf(request).get("user");
  if (typeof name !== "string") throw new UnauthorizedError("log in first");
  return name;
}

function logIn(request: HttpRequest, name: string): void {
  const session = sessionOf(request);
  session.regenerate(); // who knew the session before has nothing
  session.set("user", name);
}

export function usersRouter(users: Table<User>): Router {
  const router = new Router();
  const options = { schema: { body: credentials }, middleware: [rateLimit({ limit: 10, window: 60_000 })] };

  router.post(
    "/users",
    async (request) => {
      const { name, password } = request.valid.body;
      const salt = randomBytes(16).toString("hex");
      const hash = (await hashOf(password, salt, 32)).toString("hex");
      // Only now: somebody may have taken the name while the hash was made.
      if (users.get(name)) throw new ConflictError("this name is taken");
      users.put({ id: name, salt, hash });
      logIn(request, name);
      return json({ name }, { status: 201 });
    },
    options,
  );

  router.post(
    "/login",
    async (request) => {
      const { name, password } = request.valid.body;
      const user = users.get(name);
      // A hash is made for nobody too, so that time does not tell which names there are.
      const hash = await hashOf(password, user?.salt ?? "", 32);
      if (!user || !timingSafeEqual(hash, Buffer.from(user.hash, "hex")))
        throw new UnauthorizedError("there is no such user, or the password is another");
      logIn(request, name);
      return { name };
    },
    options,
  );

  router.post("/logout", (request) => {
    sessionOf(request).destroy();
    return null;
  });

  return router;
}
