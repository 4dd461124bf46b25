/** Contender: the floor, with the answer to the workload that WORKLOAD names. */
import { serveFloor } from "../../load/floor.mjs";
import { WORKLOADS } from "../workloads.mjs";

serveFloor(WORKLOADS.find(({ name }) => name === process.env.WORKLOAD) ?? WORKLOADS[0]);
