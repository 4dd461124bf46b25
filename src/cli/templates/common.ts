/** Files that every project has. */
import type { Template } from "./index.ts";

/** What a project is made of beside its template. */
export interface ProjectParts {
  readonly name: string;
  /** What package.json says of where pyrois is. */
  readonly pyrois: string;
  /** Versions of what it is worked on with. */
  readonly versions: { readonly tsx: string; readonly typescript: string; readonly node: string };
  readonly template: Template;
}

function packageJson({ name, pyrois, versions }: ProjectParts): string {
  const manifest = {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: ">=20.19" },
    scripts: {
      dev: "pyrois dev src/app.ts",
      build: "tsc -p tsconfig.build.json",
      prestart: "npm run build",
      start: "pyrois start dist/app.js",
      test: "node --import tsx --test tests/app.test.ts",
      check: "tsc",
      routes: "pyrois routes src/app.ts",
    },
    dependencies: { pyrois },
    devDependencies: { "@types/node": versions.node, tsx: versions.tsx, typescript: versions.typescript },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2022",
    "lib": ["es2023"],
    "types": ["node"],
    "module": "nodenext",
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "exactOptionalPropertyTypes": true,
    "noImplicitOverride": true,
    "verbatimModuleSyntax": true,
    "rewriteRelativeImportExtensions": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["src", "tests"]
}
`;

const TSCONFIG_BUILD = `{
  "extends": "./tsconfig.json",
  "compilerOptions": { "rootDir": "src", "outDir": "dist", "noEmit": false },
  "include": ["src"]
}
`;

function dockerfile({ files }: Template): string {
  const templates = Object.keys(files).some((file) => file.startsWith("templates/"));
  return `FROM node:22-slim AS build
WORKDIR /app
COPY package*.json *.tgz ./
RUN npm install
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
${templates ? "COPY --from=build /app/templates ./templates\n" : ""}USER node
EXPOSE 8080
CMD ["node_modules/.bin/pyrois", "start", "dist/app.js", "--host", "0.0.0.0"]
`;
}

function readme({ name, template }: ProjectParts): string {
  return `# ${name}

${template.summary[0].toUpperCase()}${template.summary.slice(1)}, made with Pyrois.

\`\`\`sh
npm run dev       # serves it on http://127.0.0.1:8080/, and starts it anew when it changes
npm test          # runs the tests
npm run check     # checks the types
npm run routes    # lists the routes
npm start         # builds it, and serves it as in production
\`\`\`

\`PORT\` and \`HOST\` say where it listens. \`src/app.ts\` is the application, \`tests/app.test.ts\` its tests, which need no port. While \`npm run dev\` runs, \`/docs\` shows the routes and \`/_dev\` what is asked and answered.

\`\`\`sh
docker build --tag ${name} . && docker run --publish 8080:8080 ${name}
\`\`\`
`;
}

/** The files of a project, by path. */
export function filesOf(parts: ProjectParts): Readonly<Record<string, string>> {
  return {
    "package.json": packageJson(parts),
    "tsconfig.json": TSCONFIG,
    "tsconfig.build.json": TSCONFIG_BUILD,
    ".gitignore": "node_modules/\ndist/\n.env\n*.log\n",
    ".dockerignore": "node_modules/\ndist/\n.git/\n.env\n*.log\n",
    Dockerfile: dockerfile(parts.template),
    "README.md": readme(parts),
    ...parts.template.files,
  };
}
