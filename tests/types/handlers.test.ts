/** What the types of handlers, schemas and decorators let through, and what not; checked by tsc. */
import * as v from "valibot";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { App, Blueprint, get, type HttpRequest, HttpResponse, post, type RequestOf, Router } from "../../src/index.ts";

test("schemas give handlers their types, whatever the library", () => {
  const app = new App();
  const schema = {
    params: z.object({ id: z.number() }),
    query: z.object({ page: z.coerce.number().default(1) }),
    headers: v.object({ "x-key": v.string() }),
    body: v.object({ tags: v.array(v.string()), age: v.optional(v.number()) }),
  };
  app.post(
    "/users/{id:int}/{tab}",
    (request) => {
      expectTypeOf(request.params).toEqualTypeOf<{ readonly id: number; readonly tab: string }>();
      expectTypeOf(request.valid.params).toEqualTypeOf<{ id: number }>();
      expectTypeOf(request.valid.query).toEqualTypeOf<{ page: number }>();
      expectTypeOf(request.valid.headers).toEqualTypeOf<{ "x-key": string }>();
      expectTypeOf(request.valid.body).toEqualTypeOf<{ tags: string[]; age?: number | undefined }>();
      // @ts-expect-error no such member
      request.valid.body.name;
      return "";
    },
    { schema },
  );
});

test("without schemas nothing is valid", () => {
  new App().get("/", (request) => {
    // @ts-expect-error there is no schema of the body
    request.valid.body;
    return "";
  });
});

test("what a handler returns is checked", () => {
  const app = new App();
  // @ts-expect-error nothing is no answer
  app.get("/a", () => {});
  // @ts-expect-error nor nothing later
  app.get("/a2", async () => {});
  app.get("/a3", (): Record<string, unknown> => ({}));
  app.get("/a4", async (): Promise<readonly { readonly name: string }[]> => []);
  const schema = { response: z.object({ name: z.string() }) };
  app.get("/c", () => ({ name: "Ada" }), { schema });
  app.get("/d", async () => new HttpResponse(""), { schema });
  // @ts-expect-error not what the schema says
  app.get("/e", () => ({ name: 5 }), { schema });
  // @ts-expect-error nor this
  app.get("/f", () => "Ada", { schema });
});

test("a router's prefix has parameters too", () => {
  new Router({ prefix: "/users/{id:int}" }).get("/{tab}", ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<{ readonly id: number; readonly tab: string }>();
    return "";
  });
});

test("decorators check the methods they make routes", () => {
  const schema = { body: z.object({ name: z.string() }) };
  class Users extends Blueprint {
    @get("/{id:int}")
    show({ params }: HttpRequest<{ id: number }>) {
      return params.id;
    }

    // @ts-expect-error a number, not a string
    @get("/{id:int}/posts")
    posts({ params }: HttpRequest<{ id: string }>) {
      return params.id;
    }

    @get("/{id:int}/{tab}")
    prefixed({ params }: HttpRequest<{ id: number; prefix: string }>) {
      return params.prefix;
    }

    @post("/", { schema })
    create(request: RequestOf<"/", typeof schema>) {
      expectTypeOf(request.valid.body).toEqualTypeOf<{ name: string }>();
      return request.valid.body.name;
    }

    // @ts-expect-error there is no schema that would give it
    @post("/other")
    other(request: RequestOf<"/", typeof schema>) {
      return request.valid.body.name;
    }

    // @ts-expect-error no answer
    @get("/nothing")
    nothing() {}

    @get("/plain")
    async plain() {
      return null;
    }
  }
  expectTypeOf<Users>().toExtend<Blueprint>();
});
