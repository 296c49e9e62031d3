import type { Camera, CameraGroup } from '#contract/camera.ts';
import { folded } from './search.ts';

/** One line of the camera tree as it is shown. */
export type TreeRow = GroupRow | CameraRow;

export interface GroupRow {
  readonly kind: 'group';
  /** Unique among rows; stays the same while the tree changes. */
  readonly key: string;
  readonly group: CameraGroup;
  /** 1 for agencies. */
  readonly level: number;
  readonly isOpen: boolean;
  /** Cameras in the group and below. */
  readonly count: number;
  /** How many of them are known to be down. */
  readonly down: number;
  readonly position: number;
  readonly siblings: number;
}

export interface CameraRow {
  readonly kind: 'camera';
  readonly key: string;
  readonly camera: Camera;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
}

/** The groups as a tree, with the cameras that belong to each directly. Built once per directory. */
export interface TreeNode {
  readonly group: CameraGroup;
  readonly children: readonly TreeNode[];
  readonly cameras: readonly Camera[];
  readonly count: number;
  readonly down: number;
}

/**
 * Arranges groups and cameras as agencies → groups → cameras. A camera stands in its innermost groups; groups
 * without any camera this person may see are left out, and cameras without a group come last, under none.
 */
export function treeOf(
  cameras: readonly Camera[],
  groups: readonly CameraGroup[],
): { readonly roots: readonly TreeNode[]; readonly loose: readonly Camera[] } {
  const byId = new Map(groups.map((group) => [group.id, group]));
  const childrenOf = Map.groupBy(groups, (group) =>
    group.parentId !== undefined && byId.has(group.parentId) ? group.parentId : undefined,
  );
  const camerasOf = new Map<string, Camera[]>();
  const loose: Camera[] = [];
  for (const camera of cameras.toSorted((a, b) => a.number - b.number)) {
    const innermost = innermostOf(camera.groupIds, byId);
    if (innermost.length === 0) loose.push(camera);
    for (const id of innermost) camerasOf.set(id, [...(camerasOf.get(id) ?? []), camera]);
  }
  // A group that is its own ancestor (a VMS may be edited while it is read) must not hang the page.
  function nodeOf(group: CameraGroup, above: ReadonlySet<string>): TreeNode {
    const path = new Set([...above, group.id]);
    const children = (childrenOf.get(group.id) ?? [])
      .filter((child) => !path.has(child.id))
      .map((child) => nodeOf(child, path))
      .filter((child) => child.count > 0);
    const own = camerasOf.get(group.id) ?? [];
    return {
      group,
      children,
      cameras: own,
      count: own.length + sum(children.map((child) => child.count)),
      down: own.filter((camera) => camera.state === 'down').length + sum(children.map((child) => child.down)),
    };
  }
  const roots = (childrenOf.get(undefined) ?? [])
    .map((group) => nodeOf(group, new Set()))
    .filter((node) => node.count > 0);
  // Groups that contain each other hang from no agency; their cameras must not be lost with them.
  const reached = new Set(roots.flatMap(below).map((camera) => camera.id));
  const lost = cameras.filter((camera) => !reached.has(camera.id) && !loose.includes(camera));
  return { roots, loose: [...loose, ...lost].sort((a, b) => a.number - b.number) };
}

function below(node: TreeNode): readonly Camera[] {
  return [...node.children.flatMap(below), ...node.cameras];
}

function innermostOf(groupIds: readonly string[], byId: ReadonlyMap<string, CameraGroup>): string[] {
  const known = groupIds.filter((id) => byId.has(id));
  const parents = new Set(known.map((id) => byId.get(id)?.parentId));
  return known.filter((id) => !parents.has(id));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The lines to show: every agency, and what is below each open group. */
export function rowsOf(
  tree: ReturnType<typeof treeOf>,
  isOpen: (groupId: string) => boolean,
): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  function add(nodes: readonly TreeNode[], cameras: readonly Camera[], level: number, under: string) {
    const siblings = nodes.length + cameras.length;
    nodes.forEach((node, index) => {
      const open = isOpen(node.group.id);
      const { group, count, down } = node;
      rows.push({
        kind: 'group',
        key: `${under}/${group.id}`,
        group,
        level,
        isOpen: open,
        count,
        down,
        position: index + 1,
        siblings,
      });
      if (open) add(node.children, node.cameras, level + 1, `${under}/${group.id}`);
    });
    cameras.forEach((camera, index) =>
      rows.push({
        kind: 'camera',
        key: `${under}/${camera.id}`,
        camera,
        level,
        position: nodes.length + index + 1,
        siblings,
      }),
    );
  }
  add(tree.roots, tree.loose, 1, '');
  return rows;
}

/** Search results as lines: flat, in the order they were ranked. */
export function foundRows(cameras: readonly Camera[]): readonly CameraRow[] {
  return cameras.map((camera, index) => ({
    kind: 'camera',
    key: `found/${camera.id}`,
    camera,
    level: 1,
    position: index + 1,
    siblings: cameras.length,
  }));
}

/** The cameras of a group and everything below it, in tree order: what "show this group" means. */
export function camerasUnder(tree: ReturnType<typeof treeOf>, groupId: string): readonly Camera[] {
  function find(nodes: readonly TreeNode[]): TreeNode | undefined {
    for (const node of nodes) {
      const found = node.group.id === groupId ? node : find(node.children);
      if (found) return found;
    }
    return undefined;
  }
  const node = find(tree.roots);
  return node ? below(node) : [];
}

/** What a key does to the tree, as the WAI-ARIA tree pattern asks for. */
export type TreeMove =
  | { readonly do: 'go'; readonly to: number }
  | { readonly do: 'open' | 'close'; readonly groupId: string }
  | { readonly do: 'use'; readonly row: TreeRow }
  | { readonly do: 'look-for'; readonly text: string };

/**
 * What `key` asks of the tree while row `at` has the focus (-1: none yet). `page` is how many rows fit the window.
 * `inward` is the arrow that leads deeper: right in English, left in Arabic. Undefined: not the tree's key.
 */
export function treeMove(
  rows: readonly TreeRow[],
  at: number,
  key: string,
  { page, inward }: { page: number; inward: 'ArrowLeft' | 'ArrowRight' },
): TreeMove | undefined {
  const row = rows[at];
  const go = (to: number): TreeMove => ({ do: 'go', to: Math.min(rows.length - 1, Math.max(0, to)) });
  const outward = inward === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight';
  switch (key) {
    case 'ArrowDown':
      return go(at + 1);
    case 'ArrowUp':
      return go(at - 1);
    case 'PageDown':
      return go(at + page);
    case 'PageUp':
      return go(at - page);
    case 'Home':
      return go(0);
    case 'End':
      return go(rows.length - 1);
    case 'Enter':
      return row && { do: 'use', row };
    case inward:
      if (row?.kind !== 'group') return go(at);
      return row.isOpen ? go(at + 1) : { do: 'open', groupId: row.group.id };
    case outward:
      if (row?.kind === 'group' && row.isOpen) return { do: 'close', groupId: row.group.id };
      return go(parentOf(rows, at));
    default:
      // Space alone is type-ahead only once something was typed; here it would scroll, so it does nothing.
      return key.length === 1 && key !== ' ' ? { do: 'look-for', text: key } : undefined;
  }
}

function parentOf(rows: readonly TreeRow[], at: number): number {
  const level = rows[at]?.level ?? 1;
  for (let index = at - 1; index >= 0; index--) if ((rows[index]?.level ?? 0) < level) return index;
  return at;
}

/**
 * Type-ahead: the next row after `at` whose name or number begins with `typed`, going round once. A single letter
 * typed again steps to the next; more letters stay on the row while it still fits. `at` when nothing fits.
 */
export function typeAhead(rows: readonly TreeRow[], at: number, typed: string): number {
  const text = folded(typed);
  if (text === '') return at;
  const first = text.length > 1 ? Math.max(at, 0) : at + 1;
  for (let step = 0; step < rows.length; step++) {
    const index = (first + step) % rows.length;
    const row = rows[index];
    if (row !== undefined && labelsOf(row).some((label) => label.startsWith(text))) return index;
  }
  return at;
}

function labelsOf(row: TreeRow): string[] {
  const named = row.kind === 'group' ? row.group : row.camera;
  const names = [named.name, named.nameAr ?? ''].map(folded);
  return row.kind === 'camera' ? [...names, String(row.camera.number)] : names;
}
