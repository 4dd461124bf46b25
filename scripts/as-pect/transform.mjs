/**
 * Adds to every class what as-pect compares and prints it by. as-pect's own transform has the compiler's node numbers
 * inlined as they were before AssemblyScript 0.28.16 and silently does nothing with later ones; this one asks the
 * compiler that is installed.
 */
import { createAddReflectedValueKeyValuePairsMember } from "@as-pect/transform/lib/createAddReflectedValueKeyValuePairsMember.js";
import { createStrictEqualsMember } from "@as-pect/transform/lib/createStrictEqualsMember.js";
import { NodeKind } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";

/** The numbers that as-pect's helpers expect of fields and methods. */
const EXPECTED_FIELD = 54;
const EXPECTED_METHOD = 58;

function makeMember(declaration, make) {
  const kinds = declaration.members.map((member) => member.kind);
  for (const member of declaration.members) {
    if (member.kind === NodeKind.FieldDeclaration) member.kind = EXPECTED_FIELD;
    else if (member.kind === NodeKind.MethodDeclaration) member.kind = EXPECTED_METHOD;
    else member.kind = -1;
  }
  try {
    return make(declaration);
  } finally {
    for (const [index, member] of declaration.members.entries()) member.kind = kinds[index];
  }
}

function visit(statements) {
  for (const statement of statements) {
    if (statement.kind === NodeKind.ClassDeclaration) {
      const members = [createStrictEqualsMember, createAddReflectedValueKeyValuePairsMember];
      statement.members.push(...members.map((make) => makeMember(statement, make)));
    } else if (statement.kind === NodeKind.NamespaceDeclaration) visit(statement.members);
  }
}

export default class extends Transform {
  afterParse(parser) {
    for (const source of (parser.program ?? parser).sources) visit(source.statements);
  }
}
