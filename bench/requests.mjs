/** The requests that parsers are timed with, by name. */
import assert from "node:assert";

/**
 * Puts a request head together.
 * @param {string} target the request-target of a GET
 * @param {[name: string, value: string][]} fields
 * @returns {Buffer} the bytes of the head
 */
function head(target, fields) {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
}

/**
 * A Cookie value of many small cookies, 32 bytes each with what separates them.
 * @param {number} length bytes of the value
 * @returns {string}
 */
function cookies(length) {
  const pairs = Array.from({ length: length / 32 }, (_, index) => {
    return `cookie-${String(index).padStart(3, "0")}=0123456789abcdefghi`;
  });
  return pairs.join("; ").padEnd(length, "x");
}

/** What wrk sends. */
const wrk = head("/json", [["Host", "127.0.0.1:8080"]]);

/** The request of picohttpparser's bench.c, which most parsers have been timed with. */
const helloKitty = head("/wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg", [
  ["Host", "www.kittyhell.com"],
  [
    "User-Agent",
    "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3 Pathtraq/0.9",
  ],
  ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["Accept-Language", "ja,en-us;q=0.7,en;q=0.3"],
  ["Accept-Encoding", "gzip,deflate"],
  ["Accept-Charset", "Shift_JIS,utf-8;q=0.7,*;q=0.7"],
  ["Keep-Alive", "115"],
  ["Connection", "keep-alive"],
  [
    "Cookie",
    "wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; " +
      "__utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; " +
      "__utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.livedoor.com|utmcct=/reader/|utmcmd=referral",
  ],
]);

/** A page load of a current Chrome. */
const browser = head("/articles/2025/a-parser-in-webassembly?utm_source=newsletter", [
  ["Host", "www.example.com"],
  ["Connection", "keep-alive"],
  ["sec-ch-ua", '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'],
  ["sec-ch-ua-mobile", "?0"],
  ["sec-ch-ua-platform", '"Windows"'],
  ["Upgrade-Insecure-Requests", "1"],
  [
    "User-Agent",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  ],
  [
    "Accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8," +
      "application/signed-exchange;v=b3;q=0.7",
  ],
  ["Sec-Fetch-Site", "same-origin"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-User", "?1"],
  ["Sec-Fetch-Dest", "document"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Accept-Language", "en-US,en;q=0.9"],
  [
    "Cookie",
    "_ga=GA1.1.1804289383.1751328000; _ga_P0123456789=GS2.1.s1751328000$o1$g1$t1751328060$j60; " +
      "session=c2Vzc2lvbi1pZC0wMTIzNDU2Nzg5YWJjZGVmMDE; theme=dark",
  ],
]);

/** A head that is nearly all one field. */
const manyCookies = head("/account", [
  ["Host", "www.example.com"],
  ["Cookie", cookies(4096)],
]);

/** As many fields as servers commonly allow. */
const manyFields = head("/fields", [
  ["Host", "www.example.com"],
  ...Array.from({ length: 99 }, (_, index) => {
    const number = String(index + 1).padStart(2, "0");
    return [`X-Field-${number}`, `value of field ${number}`];
  }),
]);

assert.equal(wrk.length, 44, "the request of wrk");
assert.equal(helloKitty.length, 703, "the request of picohttpparser");
assert.equal(browser.length, 890, "the request of a browser");

/** @type {{ name: string, bytes: Buffer, fields: number }[]} */
export const requests = [
  { name: "wrk", bytes: wrk, fields: 1 },
  { name: "hello-kitty", bytes: helloKitty, fields: 9 },
  { name: "browser", bytes: browser, fields: 15 },
  { name: "cookies", bytes: manyCookies, fields: 2 },
  { name: "fields-100", bytes: manyFields, fields: 100 },
];
