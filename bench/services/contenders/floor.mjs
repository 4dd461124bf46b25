/** Contender: the floor, with the answer to the workload that WORKLOAD names. */
import { serveFloor } from "../../load/floor.mjs";
import { WORKLOAD } from "../content.mjs";
import { WORKLOADS } from "../workloads.mjs";

const { answer } = WORKLOADS.find(({ name }) => name === WORKLOAD);
serveFloor({ answer, pipelined: 1, closes: false });
