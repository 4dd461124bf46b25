/** What contenders serve, and what their answers are compared with. */
import { createHash } from "node:crypto";
import process from "node:process";

/** Name of the workload that a contender is to serve, and nothing else. */
export const WORKLOAD = process.env.WORKLOAD ?? "access-log";

/** Content of the answer to GET /json where the service is not about content. */
export const MESSAGE = { message: "Hello, World!" };

/** Media type of the files, whatever charset is said with it. */
export const FILE_TYPE = "text/plain";

/** How hard everyone compresses: what zlib does unless told. */
export const GZIP_LEVEL = 6;

const NAMES = ["Ada Lovelace", "Charles Babbage", "Mary Somerville", "Augustus De Morgan", "Luigi Menabrea"];
const CITIES = ["London", "Torino", "Edinburgh", "Madurai"];

/**
 * @param {number} number
 * @returns {string} 64 hexadecimal digits that look random and are the same in every run
 */
function digits(number) {
  return createHash("sha256").update(`${number}`).digest("hex");
}

/**
 * @param {number} id
 * @returns {object} a record as an API has them: some of it comes again in others, some does not
 */
function newRecord(id) {
  const token = digits(id).slice(0, 16);
  return { id, name: NAMES[id % NAMES.length], city: CITIES[id % CITIES.length], active: id % 3 > 0, token };
}

/**
 * @param {number} length
 * @returns {object} what takes so many bytes as JSON: records, and the text that fills it up
 */
function recordsOf(length) {
  const value = { records: [], rest: "" };
  const missing = () => length - JSON.stringify(value).length;
  for (let id = 1; missing() > 0; ++id) value.records.push(newRecord(id));
  value.records.pop();
  value.rest = digits(0).repeat(4).slice(0, missing());
  return value;
}

/** What is compressed: 4 KiB of JSON. */
export const LIST = JSON.stringify(recordsOf(4096));

/** What is cached: an object that takes 1 KiB as JSON. */
export const PAGE = recordsOf(1024);

/**
 * @param {string} name
 * @param {number} length
 * @returns {{ name: string, content: string }} a file of so many bytes
 */
function textFile(name, length) {
  const content = Array.from({ length: length / 64 }, (_, number) => digits(number)).join("");
  return { name, content };
}

/** The files that are served. */
export const SMALL = textFile("small.txt", 4 * 1024);
export const LARGE = textFile("large.txt", 1024 * 1024);
