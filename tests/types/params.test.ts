/** The types of parameters. `tsc` checks them; vitest runs this file to see that values are what their types say. */
import { expect, expectTypeOf, test } from "vitest";
import { Application, type PathParams } from "../../src/app/index.ts";
import { type ConverterTypes, type PathParams as Params, PathRouter } from "../../src/router/index.ts";

test("of a path literal", () => {
  expectTypeOf<Params<"/users/{id:int}/{tab:alpha?}">>().toEqualTypeOf<{
    readonly id: number;
    readonly tab?: string | undefined;
  }>();
  expectTypeOf<keyof Params<"/">>().toEqualTypeOf<never>();
  expectTypeOf<keyof Params<"*">>().toEqualTypeOf<never>();
  expectTypeOf<Params<"/{a}/{b}">>().toEqualTypeOf<{ readonly a: string; readonly b: string }>();
  expectTypeOf<Params<"/:a/x/:b">>().toEqualTypeOf<{ readonly a: string; readonly b: string }>();
  expectTypeOf<Params<"/:from-:to/:id:batch/{x}">>().toEqualTypeOf<{
    readonly from: string;
    readonly to: string;
    readonly id: string;
    readonly x: string;
  }>();
  expectTypeOf<keyof Params<"/users:batch/:/:7">>().toEqualTypeOf<never>();
});

test("of converters", () => {
  expectTypeOf<Params<"/{a:int}/{b:float}/{c:bool}/{d:date}">>().toEqualTypeOf<{
    readonly a: number;
    readonly b: number;
    readonly c: boolean;
    readonly d: Date;
  }>();
  expectTypeOf<Params<"/{a:uuid}/{b:alpha}/{c:alnum}/{d:slug}/{e:hex}/{f:path}">>().toEqualTypeOf<{
    readonly a: string;
    readonly b: string;
    readonly c: string;
    readonly d: string;
    readonly e: string;
    readonly f: string;
  }>();
  expectTypeOf<Params<"/{k:int|uuid}/{l:bool|int|date?}">>().toEqualTypeOf<{
    readonly k: number | string;
    readonly l?: boolean | number | Date | undefined;
  }>();
  expectTypeOf<Params<"/{k:nobody}">>().toEqualTypeOf<{ readonly k: unknown }>();
});

test("of optional parameters and defaults", () => {
  expectTypeOf<Params<"/{a?}/{b:int?}">>().toEqualTypeOf<{
    readonly a?: string | undefined;
    readonly b?: number | undefined;
  }>();
  expectTypeOf<Params<"/{a=x}/{b:int=1}">>().toEqualTypeOf<{ readonly a: string; readonly b: number }>();
});

test("of text around parameters", () => {
  expectTypeOf<Params<"/files/{name}.{ext:alpha}/v{major:int}">>().toEqualTypeOf<{
    readonly name: string;
    readonly ext: string;
    readonly major: number;
  }>();
});

test("of regular expressions", () => {
  expectTypeOf<Params<"/{code:re([A-Z]{3})}/{n:int}">>().toEqualTypeOf<{ readonly code: string; readonly n: number }>();
  expectTypeOf<Params<"/{a:re((x|y)?=|:z)?}">>().toEqualTypeOf<{ readonly a?: string | undefined }>();
  expectTypeOf<Params<"/{a:re((a)(b))|int=1}">>().toEqualTypeOf<{ readonly a: string | number }>();
});

test("of converters of one's own", () => {
  const converters = {
    year: { pattern: /\d{4}/, parse: (text: string) => ({ year: Number(text) }) },
    even: { parse: (text: string) => (Number(text) % 2 === 0 ? Number(text) : undefined) },
    code: { pattern: /[A-Z]+/ },
  };
  type Types = ConverterTypes<typeof converters>;
  expectTypeOf<Types>().toEqualTypeOf<{
    readonly year: { year: number };
    readonly even: number;
    readonly code: string;
  }>();
  expectTypeOf<Params<"/{y:year}/{e:even?}/{c:code|int}", Types>>().toEqualTypeOf<{
    readonly y: { year: number };
    readonly e?: number | undefined;
    readonly c: string | number;
  }>();
});

test("of patterns that are no literals", () => {
  expectTypeOf<Params<string>>().toEqualTypeOf<Readonly<Record<string, unknown>>>();
  expectTypeOf<PathParams<string>[string]>().toBeAny();
});

test("of a handler", () => {
  const app = new Application();
  app.get("/{id:int}/{day:date}/{tab?}", ({ params }) => {
    expectTypeOf(params.id).toEqualTypeOf<number>();
    expectTypeOf(params.day).toEqualTypeOf<Date>();
    expectTypeOf(params.tab).toEqualTypeOf<string | undefined>();
    // @ts-expect-error there is no such parameter
    return params.nothing;
  });
  app.get("/", ({ params }) => {
    // @ts-expect-error there is none
    return params.id;
  });
});

test("values are what their types say", () => {
  const router = new PathRouter<null>();
  router.add("GET", "/{a:int}/{b:float}/{c:bool}/{d:date}/{e:int|alpha}/{f?}", null);
  const found = router.find("GET", "/1/1.5/true/2024-01-01/x");
  expect(found).toEqual({
    kind: "found",
    value: null,
    params: { a: 1, b: 1.5, c: true, d: new Date("2024-01-01"), e: "x" },
  });
});
