/** Contender: Express. */
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { app } from "../express.mjs";

const server = app.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
