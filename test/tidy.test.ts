/** The style is a test: rooms, imports, purity, sizes and names of every file in the tree. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { RELEASE } from '../protocol/version.ts';
import {
  EMPTY_NAMES,
  ENTRY_LINES_MAX,
  FILE_LINES_MAX,
  FUNCTION_LINES_MAX,
  GENERATED_FILES,
  PARAMETERS_MAX,
  ROOMS,
  type Room,
  TOP_FILES,
} from './rooms.ts';

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx'],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => file !== '' && !TOP_FILES.includes(file) && !GENERATED_FILES.includes(file))
  .map((path) => ({ path, text: readText(path) }))
  .filter((file) => file.text !== undefined)
  .map(({ path, text = '' }) => ({
    path,
    text,
    source: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
  }));
type File = (typeof files)[number];

/** A file that git still lists but that was just removed reads as undefined. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function roomName(path: string): string | undefined {
  const parts = path.split('/');
  const candidates = [parts.slice(0, 2).join('/'), parts[0] ?? ''];
  return candidates.find((candidate) => ROOMS[candidate] !== undefined);
}

function roomOf(file: File): Room {
  const room = ROOMS[roomName(file.path) ?? ''];
  if (room === undefined) throw new Error(`${file.path} lies in no room`);
  return room;
}

function importsOf(file: File): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const target =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (target !== undefined && ts.isStringLiteral(target)) found.push(target.text);
    ts.forEachChild(node, visit);
  };
  visit(file.source);
  return found;
}

function mayImport(file: File, target: string): boolean {
  const room = roomOf(file);
  if (!target.startsWith('.'))
    return room.packages.some((allowed) => {
      if (allowed === '*') return true;
      if (allowed.endsWith(':') || allowed.endsWith('/')) return target.startsWith(allowed);
      return target === allowed || target.startsWith(`${allowed}/`);
    });
  const path = normalize(join(dirname(file.path), target));
  if (roomName(path) === roomName(file.path)) return true;
  return room.rooms.some(
    (allowed) =>
      allowed === '*' || path === allowed || path.startsWith(allowed.endsWith('/') ? allowed : `${allowed}/`),
  );
}

/** What a walk over all files finds, as `path: what` lines; a good tree gives an empty list. */
function findings(check: (file: File) => readonly string[]): string[] {
  return files.flatMap((file) => check(file).map((what) => `${file.path}: ${what}`));
}

function nodesOf(file: File): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file.source);
  return nodes;
}

function linesOf(file: File, node: ts.Node): number {
  const line = (position: number) => file.source.getLineAndCharacterOfPosition(position).line;
  return line(node.getEnd()) - line(node.getStart()) + 1;
}

const isTest = (file: File) => file.path.startsWith('test/');

describe('rooms', () => {
  test('every file lies in a room, at most room / sub-room / file deep', () => {
    expect(
      findings((file) => {
        const deep = file.path.split('/').length > (isTest(file) ? 4 : 3);
        return [...(roomName(file.path) === undefined ? ['no room'] : []), ...(deep ? ['too deep'] : [])];
      }),
    ).toEqual([]);
  });

  test('a room imports only what the table allows', () => {
    expect(
      findings((file) =>
        importsOf(file)
          .filter((target) => !mayImport(file, target))
          .map((target) => `imports ${target}`),
      ),
    ).toEqual([]);
  });

  test('no file and no folder has a name that says nothing', () => {
    expect(
      findings((file) =>
        file.path.split('/').filter((part) => EMPTY_NAMES.test(part.replace(/(\.test)?\.ts$/, ''))),
      ),
    ).toEqual([]);
  });

  test('tests lie in test/ and nowhere else', () => {
    expect(
      findings((file) => (file.path.endsWith('.test.ts') && !isTest(file) ? ['a test outside test/'] : [])),
    ).toEqual([]);
  });

  test('the map in docs/architecture.md names every room', () => {
    const map = readFileSync('docs/architecture.md', 'utf8');
    expect(Object.keys(ROOMS).filter((room) => !map.includes(`\`${room}/\``))).toEqual([]);
  });
});

describe('pure rooms', () => {
  test('have no clock, no chance, no async and no output', () => {
    const impure =
      /\b(Date|Math\.random|process|console|performance|setTimeout|setInterval|crypto|Promise|fetch)\b/;
    expect(
      findings((file) => {
        if (roomOf(file).pure !== true) return [];
        return nodesOf(file)
          .filter(
            (node) =>
              ts.isAwaitExpression(node) ||
              node.kind === ts.SyntaxKind.AsyncKeyword ||
              ts.isIdentifier(node) ||
              ts.isPropertyAccessExpression(node),
          )
          .filter(
            (node) =>
              !(
                ts.isIdentifier(node) &&
                (ts.isPropertyAccessExpression(node.parent) ||
                  ts.isPropertyAssignment(node.parent) ||
                  ts.isPropertySignature(node.parent)) &&
                node.parent.name === node
              ),
          )
          .map((node) => node.getText())
          .filter((text) => text === 'async' || text.startsWith('await ') || impure.exec(text)?.index === 0);
      }),
    ).toEqual([]);
  });
});

describe('style', () => {
  test('a file opens with a comment that says what it is for', () => {
    expect(
      findings((file) => (/^(#!.*\n)?(\/\*\*|\/\/)/.test(file.text) ? [] : ['no opening comment'])),
    ).toEqual([]);
  });

  test(`a file has at most ${FILE_LINES_MAX} lines, a Lambda root at most ${ENTRY_LINES_MAX}`, () => {
    expect(
      findings((file) => {
        const most = file.path.endsWith('.lambda.ts') ? ENTRY_LINES_MAX : FILE_LINES_MAX;
        const lines = file.text.split('\n').length - 1;
        return lines > most ? [`${lines} lines`] : [];
      }),
    ).toEqual([]);
  });

  test(`a function has at most ${FUNCTION_LINES_MAX} lines and ${PARAMETERS_MAX} parameters`, () => {
    expect(
      findings((file) =>
        nodesOf(file)
          .filter(ts.isFunctionLike)
          .filter((node) => !isTest(file) || ts.isFunctionDeclaration(node))
          .flatMap((node) => [
            ...(linesOf(file, node) > FUNCTION_LINES_MAX
              ? [`${node.name?.getText() ?? 'a function'}: ${linesOf(file, node)} lines`]
              : []),
            ...(node.parameters.length > PARAMETERS_MAX
              ? [`${node.name?.getText() ?? 'a function'}: ${node.parameters.length} parameters`]
              : []),
          ]),
      ),
    ).toEqual([]);
  });

  test('no module keeps state in a variable', () => {
    expect(
      findings((file) =>
        file.source.statements
          .filter(ts.isVariableStatement)
          .filter(
            (statement) =>
              (statement.declarationList.flags & ts.NodeFlags.Const) === 0 &&
              !statement.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DeclareKeyword),
          )
          .filter(() => !isTest(file))
          .map((statement) => statement.getText().slice(0, 60)),
      ),
    ).toEqual([]);
  });

  test('package.json has the release of the protocol', () => {
    const { version } = z
      .looseObject({ version: z.string() })
      .parse(JSON.parse(readFileSync('package.json', 'utf8')));
    expect(version).toBe(RELEASE);
  });

  test('no test is skipped, focused or left for later', () => {
    const marks = new RegExp(`\\.(${['skip', 'only', 'todo'].join('|')})\\(`);
    expect(
      findings((file) => (isTest(file) && marks.test(file.text) ? ['a skipped or focused test'] : [])),
    ).toEqual([]);
  });

  test('only settings and composition roots read the environment', () => {
    const readers =
      /^(edge-agent\/settings\.ts|infra\/settings\.ts|edge-agent\/apply\/command\.ts|edge-agent\/main\.ts|functions\/\w+\.lambda\.ts|local\/|test\/|bench\/|edge-agent\/bundle\.ts|cli\/main\.ts)/;
    expect(
      findings((file) =>
        !readers.test(file.path) && file.text.includes('process.env') ? ['reads process.env'] : [],
      ),
    ).toEqual([]);
  });
});
