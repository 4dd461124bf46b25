/** The types of a pattern's parameters, read from its text as `reader.ts` reads it. */
import type { Converter, Converters, ParamValues } from "./types.ts";

/** Types of values by converter. */
interface BuiltIn {
  readonly string: string;
  readonly int: number;
  readonly float: number;
  readonly bool: boolean;
  readonly uuid: string;
  readonly alpha: string;
  readonly alnum: string;
  readonly slug: string;
  readonly hex: string;
  readonly date: Date;
  readonly path: string;
}

/** Types of values by name, of converters of one's own: `ConverterTypes<typeof converters>`. */
export type ConverterTypes<C extends Converters> = {
  readonly [K in keyof C]: C[K] extends { parse(text: string): infer T }
    ? Exclude<T, undefined>
    : C[K] extends Converter<infer T>
      ? unknown extends T
        ? string
        : T
      : never;
};

type Letter = "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m" | "n" | "o" | "p" | "q";
type Letters = Letter | "r" | "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z";
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
type Word = Letters | Uppercase<Letters> | Digit | "_";

/** The word a text begins with, and what follows it. */
type TakeWord<S extends string, W extends string = ""> = S extends `${infer C}${infer Rest}`
  ? C extends Word
    ? TakeWord<Rest, `${W}${C}`>
    : [W, S]
  : [W, ""];

type EndsInWord<S extends string> = S extends `${infer C}${infer Rest}`
  ? Rest extends ""
    ? C extends Word
      ? true
      : false
    : EndsInWord<Rest>
  : false;

/** Whether every bracket in a text is closed. */
type Balanced<S extends string, Open extends string, Close extends string> = S extends `${infer A}${Open}${infer B}`
  ? B extends `${infer C}${Close}${infer D}`
    ? Balanced<`${A}${C}${D}`, Open, Close>
    : false
  : true;

/** What stands before the bracket that closes, and what follows it. */
type TakeBracket<
  S extends string,
  Open extends string,
  Close extends string,
  Before extends string = "",
> = S extends `${infer A}${Close}${infer Rest}`
  ? Balanced<`${Before}${A}`, Open, Close> extends true
    ? [`${Before}${A}`, Rest]
    : TakeBracket<Rest, Open, Close, `${Before}${A}${Close}`>
  : [`${Before}${S}`, ""];

type TypeOf<Name, Types> = Name extends keyof Types
  ? Types[Name]
  : Name extends keyof BuiltIn
    ? BuiltIn[Name]
    : unknown;

/** The values of a list of converters, and the mark that follows it. */
type TakeTypes<S extends string, Types, Values = never> = S extends `re(${infer After}`
  ? TakeBracket<After, "(", ")"> extends [string, infer Rest extends string]
    ? MoreTypes<Rest, Types, Values | string>
    : never
  : TakeWord<S> extends [infer Name, infer Rest extends string]
    ? MoreTypes<Rest, Types, Values | TypeOf<Name, Types>>
    : never;

type MoreTypes<Rest extends string, Types, Values> = Rest extends `|${infer More}`
  ? TakeTypes<More, Types, Values>
  : [Values, Rest];

type Property<Name extends string, Value, Mark> = Mark extends "?"
  ? { readonly [K in Name]?: Value | undefined }
  : { readonly [K in Name]: Value };

/** What `{…}` holds. */
type Parameter<S extends string, Types> =
  TakeWord<S> extends [infer Name extends string, infer Rest extends string]
    ? Rest extends `:${infer After}`
      ? TakeTypes<After, Types> extends [infer Value, infer Mark]
        ? Property<Name, Value, Mark>
        : never
      : Property<Name, string, Rest>
    : never;

/** Parameters in the short form, in text without braces. */
type Short<S extends string, Found = unknown> = S extends `${infer Before}:${infer After}`
  ? EndsInWord<Before> extends true
    ? Short<After, Found>
    : TakeWord<After> extends [infer Name extends string, infer Rest extends string]
      ? Name extends "" | `${Digit}${string}`
        ? Short<After, Found>
        : Short<AfterName<Rest>, Found & { readonly [K in Name]: string }>
      : never
  : Found;

/** A colon after a name is text. */
type AfterName<S extends string> = S extends `:${infer Rest}` ? Rest : S;

type Read<S extends string, Types, Found = unknown> = S extends `${infer Text}{${infer After}`
  ? TakeBracket<After, "{", "}"> extends [infer Inner extends string, infer Rest extends string]
    ? Read<Rest, Types, Found & Short<Text> & Parameter<Inner, Types>>
    : never
  : Found & Short<S>;

/**
 * The parameters of a path pattern, by name: `PathParams<"/users/{id:int}/{tab:alpha?}">` is
 * `{ readonly id: number; readonly tab?: string | undefined }`. `Types` has the types of converters of one's own by
 * their names, see `ConverterTypes`. A pattern that is no literal may have any parameters.
 */
export type PathParams<P extends string, Types = unknown> = P extends unknown
  ? string extends P
    ? ParamValues
    : { [K in keyof Read<P, Types>]: Read<P, Types>[K] }
  : never;
