import type { Grant, Right, Role, User, UserChange } from '#contract/account.ts';
import type { Camera, CameraState, Directory } from '#contract/camera.ts';
import type { News } from '#contract/news.ts';
import type { ProblemCode } from '#contract/problem.ts';
import type { QualityList, QualityReport, TileQuality } from '#contract/quality.ts';
import type { Reservation, ReserveOutcome, ReserveRequest } from '#contract/reservation.ts';
import type { Needs } from '#contract/routes.ts';
import type { Wall, WallChange, WallContent, WallDraft } from '#contract/wall.ts';
import { formats } from '#mocks/camera/pictures.ts';
import { guid } from './site/guid.ts';
import { siteCameras, siteGroups, type SiteCamera } from './site/cameras.ts';

/** The BFF says no. handlers.ts makes a problem of it. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: ProblemCode;
  readonly retryAfterS: number | undefined;

  constructor(code: ProblemCode, retryAfterS?: number) {
    super(code);
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

const leaseMs = 30_000;

const everything: readonly Right[] = ['live', 'playback', 'export', 'ptz'];
const rightsByRole: Readonly<Record<Role, readonly Right[]>> = {
  administrator: everything,
  operator: ['live', 'playback', 'ptz'],
  investigator: ['live', 'playback', 'export'],
  kiosk: ['live'],
};
const groupIds = new Map(siteGroups.map((group) => [group.name, group.id]));

/** Kiosks see two agencies only, so that rights can be seen at work. */
function grantsOf(role: Role): Grant[] {
  const groups = role === 'kiosk' ? ['Metro', 'Bus'].map((name) => groupIds.get(name) ?? name) : ['*'];
  return groups.map((groupId) => ({ groupId, rights: [...rightsByRole[role]] }));
}

interface StoredWall extends Omit<Wall, 'canEdit'> {
  readonly ownerId: string;
}

/**
 * The back end as far as the app can tell, in memory: who is signed in, cameras with their states, reservations,
 * saved walls, news. Knows nothing of HTTP. Any password will do for the four accounts, save `wrong`.
 */
export class PretendBff {
  readonly #now: () => number;
  readonly #cameras: readonly SiteCamera[];
  readonly #users: User[];
  readonly #states = new Map<string, { state: CameraState; since: number }>();
  readonly #reservations = new Map<string, Reservation>();
  readonly #walls = new Map<string, StoredWall>();
  readonly #readers = new Set<(news: News) => void>();
  readonly #reported = new Map<string, { readonly tile: TileQuality; readonly at: number }>();
  #signedIn: { user: User; at: number } | undefined;

  constructor(options: { readonly cameras?: readonly SiteCamera[]; readonly now?: () => number } = {}) {
    this.#now = options.now ?? Date.now;
    this.#cameras = options.cameras ?? siteCameras;
    const roles: readonly Role[] = ['administrator', 'operator', 'investigator', 'kiosk'];
    this.#users = roles.map((role) => ({
      id: guid(`user ${role}`),
      name: role,
      displayName: role.charAt(0).toUpperCase() + role.slice(1),
      role,
      grants: grantsOf(role),
    }));
    // A few cameras are down, as in any city.
    for (const camera of this.#cameras) {
      if (camera.number % 47 === 11)
        this.#states.set(camera.id, { state: 'down', since: this.#now() - 3_600_000 });
    }
    this.#seedWalls();
  }

  // Who is signed in

  signIn(name: string, password: string): User {
    const user = this.#users.find((one) => one.name === name.toLowerCase());
    if (!user || password === 'wrong') throw new Refused('wrong-credentials');
    this.#signedIn = { user, at: this.#now() };
    return user;
  }

  signOut(): void {
    this.#signedIn = undefined;
    this.#reservations.clear();
    this.publish({ kind: 'signed-out' });
  }

  /** Throws `signed-out`. */
  session(): { user: User; signedInAt: number; expiresAt: number } {
    if (!this.#signedIn) throw new Refused('signed-out');
    const { user, at } = this.#signedIn;
    return { user, signedInAt: at, expiresAt: this.#now() + 12 * 3_600_000 };
  }

  /** Throws `signed-out` or `not-permitted` unless the person who is signed in may call such a route. */
  admit({ who }: Needs): void {
    if (who === 'anyone') return;
    const { user } = this.session();
    if (who !== 'signed-in' && !who.includes(user.role)) throw new Refused('not-permitted');
  }

  users(): User[] {
    return this.#users;
  }

  changeUser(id: string, change: UserChange): User {
    const index = this.#users.findIndex((user) => user.id === id);
    const user = this.#users[index];
    if (!user) throw new Refused('not-found');
    const changed: User = {
      ...user,
      ...(change.displayName === undefined ? {} : { displayName: change.displayName }),
      ...(change.role === undefined ? {} : { role: change.role }),
      ...(change.grants === undefined ? {} : { grants: change.grants }),
    };
    this.#users[index] = changed;
    return changed;
  }

  signOutUser(id: string): void {
    const { user } = this.session();
    if (!this.#users.some((one) => one.id === id)) throw new Refused('not-found');
    if (user.id === id) this.signOut();
  }

  // Cameras

  directory(): Directory {
    this.session();
    const cameras = this.#cameras.flatMap((camera) => this.#shown(camera) ?? []);
    const listed = new Set(cameras.flatMap((camera) => camera.groupIds));
    return {
      cameras,
      groups: siteGroups.filter((group) => listed.has(group.id)),
      syncedAt: this.#now() - 20_000,
      isStale: false,
    };
  }

  /** Throws `not-found` for a camera that is not there, or not this person's. */
  camera(id: string): Camera {
    const camera = this.#cameras.find((one) => one.id === id);
    const shown = camera && this.#shown(camera);
    if (!shown) throw new Refused('not-found');
    return shown;
  }

  /** Makes a camera go down or come back, and tells it. */
  setCameraState(id: string, state: CameraState): void {
    const since = this.#now();
    this.#states.set(id, { state, since });
    this.publish({ kind: 'camera', cameraId: id, state, since });
  }

  // Reservations

  reserve({ wanted }: ReserveRequest): ReserveOutcome[] {
    this.session();
    return wanted.map(({ cameraId, stream }) => {
      try {
        if (!this.camera(cameraId).rights.includes('live')) throw new Refused('not-permitted');
      } catch (cause) {
        if (!(cause instanceof Refused)) throw cause;
        return { status: 'refused', cameraId, stream, code: cause.code, reason: 'No such camera for you.' };
      }
      const id = crypto.randomUUID();
      const expiresAt = this.#now() + leaseMs;
      const whepUrl = `/api/whep/${id}`;
      // One rung only: the page draws its pictures itself.
      const ways: Reservation['ways'] = [{ way: 'whep', url: whepUrl }];
      const reservation: Reservation = { id, cameraId, stream, expiresAt, whepUrl, ways };
      this.#reservations.set(id, reservation);
      return { status: 'reserved', reservation };
    });
  }

  renew(ids: readonly string[]): { renewed: { id: string; expiresAt: number }[]; ended: string[] } {
    this.session();
    const expiresAt = this.#now() + leaseMs;
    const lives = (id: string): boolean => (this.#reservations.get(id)?.expiresAt ?? 0) > this.#now();
    const renewed = ids.filter(lives).map((id) => ({ id, expiresAt }));
    const ended = ids.filter((id) => !lives(id));
    for (const id of ended) this.#reservations.delete(id);
    for (const { id } of renewed) {
      const reservation = this.#reservations.get(id);
      if (reservation) this.#reservations.set(id, { ...reservation, expiresAt });
    }
    return { renewed, ended };
  }

  release(ids: readonly string[]): void {
    this.session();
    for (const id of ids) this.#reservations.delete(id);
  }

  /** Reservations that stand, for tests. */
  get reservations(): readonly Reservation[] {
    return [...this.#reservations.values()];
  }

  // Quality

  reportQuality({ tiles }: QualityReport): void {
    this.session();
    for (const tile of tiles) this.#reported.set(tile.cameraId, { tile, at: this.#now() });
  }

  /** What this page's tiles were last reported to be like. */
  quality(): QualityList {
    const cameras = [...this.#reported].map(([cameraId, { tile, at }]) => {
      const { number, name, nameAr } = this.camera(cameraId);
      const { score, worst, factor, way } = tile;
      const ways = way === undefined ? [] : [{ way, viewers: 1 }];
      const known = { cameraId, number, name, ...(nameAr === undefined ? {} : { nameAr }) };
      return { ...known, score, worst, factor, viewers: 1, ways, since: at, reportedAt: at };
    });
    return { cameras: cameras.sort((a, b) => a.score - b.score) };
  }

  // Walls

  walls(): Wall[] {
    const { user } = this.session();
    return [...this.#walls.values()]
      .filter((wall) => wall.isShared || wall.ownerId === user.id)
      .map((wall) => this.#shownWall(wall))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  wall(id: string): Wall {
    return this.#shownWall(this.#storedWall(id));
  }

  createWall(draft: WallDraft): Wall {
    const { user } = this.session();
    this.#checkCameras(draft.content);
    const wall: StoredWall = {
      ...draft,
      id: crypto.randomUUID(),
      ownerId: user.id,
      ownerName: user.displayName,
      version: 1,
      savedAt: this.#now(),
    };
    return this.#keep(wall);
  }

  changeWall(id: string, { version, ...draft }: WallChange): Wall {
    const before = this.#editableWall(id);
    if (before.version !== version) throw new Refused('version-conflict');
    this.#checkCameras(draft.content);
    return this.#keep({ ...before, ...draft, version: version + 1, savedAt: this.#now() });
  }

  deleteWall(id: string): void {
    const { version } = this.#editableWall(id);
    this.#walls.delete(id);
    this.publish({ kind: 'wall', wallId: id, change: 'deleted', version });
  }

  // News

  /** Calls `reader` with what happens from now on. Gives back the way to stop. */
  follow(reader: (news: News) => void): () => void {
    this.session();
    this.#readers.add(reader);
    reader({ kind: 'hello', serverTime: this.#now() });
    return () => this.#readers.delete(reader);
  }

  publish(news: News): void {
    for (const reader of [...this.#readers]) reader(news);
  }

  /** The camera as the person who is signed in may see it; undefined when not at all. */
  #shown(camera: SiteCamera): Camera | undefined {
    const { user } = this.session();
    const path = groupPath(camera.groupId);
    const rights = everything.filter((right) =>
      user.grants.some(
        ({ groupId, rights }) => rights.includes(right) && (groupId === '*' || path.includes(groupId)),
      ),
    );
    if (rights.length === 0) return undefined;
    const { state, since } = this.#states.get(camera.id) ?? { state: 'up' as const, since: undefined };
    return {
      id: camera.id,
      number: camera.number,
      name: camera.name,
      nameAr: camera.nameAr,
      groupIds: path,
      streams: (['main', 'sub'] as const).map((name) => ({ name, codec: 'H264', ...formats[name] })),
      state,
      ...(since === undefined ? {} : { stateSince: since }),
      hasPtz: camera.hasPtz,
      rights,
    };
  }

  #storedWall(id: string): StoredWall {
    const { user } = this.session();
    const wall = this.#walls.get(id);
    if (!wall || !(wall.isShared || wall.ownerId === user.id)) throw new Refused('not-found');
    return wall;
  }

  #editableWall(id: string): StoredWall {
    const wall = this.#storedWall(id);
    if (!this.#canEdit(wall)) throw new Refused('not-permitted');
    return wall;
  }

  #canEdit(wall: StoredWall): boolean {
    const { user } = this.session();
    return wall.ownerId === user.id || (wall.isShared && user.role === 'administrator');
  }

  #checkCameras({ cameraIds }: WallContent): void {
    const mine = new Set(this.directory().cameras.map((camera) => camera.id));
    if (!cameraIds.every((id) => id === null || mine.has(id))) throw new Refused('not-permitted');
  }

  #shownWall({ ownerId, ...wall }: StoredWall): Wall {
    const mine = new Set(this.directory().cameras.map((camera) => camera.id));
    const cameraIds = wall.content.cameraIds.map((id) => (id !== null && mine.has(id) ? id : null));
    return { ...wall, canEdit: this.#canEdit({ ...wall, ownerId }), content: { ...wall.content, cameraIds } };
  }

  #keep(wall: StoredWall): Wall {
    this.#walls.set(wall.id, wall);
    this.publish({ kind: 'wall', wallId: wall.id, change: 'saved', version: wall.version });
    return this.#shownWall(wall);
  }

  #seedWalls(): void {
    const owner = this.#users[0];
    if (!owner) return;
    const seed = (name: string, side: 2 | 3 | 4, agency?: SiteCamera['agency']): void => {
      const pool = this.#cameras.filter((camera) => agency === undefined || camera.agency === agency);
      const count = side * side;
      const content: WallContent = {
        layout: {
          name: `${count}` as '4' | '9' | '16',
          columns: side,
          rows: side,
          cells: Array.from({ length: count }, (_, at) => ({
            column: at % side,
            row: Math.floor(at / side),
            columns: 1,
            rows: 1,
          })),
        },
        // Spread over the site, so that neighbours look at different things.
        cameraIds: Array.from(
          { length: count },
          (_, at) => pool[Math.floor((at * pool.length) / count)]?.id ?? null,
        ),
      };
      const id = guid(`wall ${name}`);
      const { id: ownerId, displayName: ownerName } = owner;
      this.#walls.set(id, {
        id,
        name,
        isShared: true,
        ownerId,
        ownerName,
        version: 1,
        savedAt: this.#now(),
        content,
      });
    };
    seed('City overview', 4);
    seed('Metro', 3, 'metro');
    seed('Buses', 2, 'bus');
  }
}

/** The group and every group above it, nearest first. */
function groupPath(groupId: string): string[] {
  const path: string[] = [];
  for (let id: string | undefined = groupId; id !== undefined;) {
    path.push(id);
    id = siteGroups.find((group) => group.id === id)?.parentId;
  }
  return path;
}
