import type { PictureSubject } from '#mocks/camera/pictures.ts';
import { guid } from './guid.ts';
import { agencies, type Place, type View } from './places.ts';
import { sceneFor } from './scene-choice.ts';

/** A camera of the pretend site, the same in every process and every run. */
export interface SiteCamera extends PictureSubject {
  /** GUID, derived from the number. */
  readonly id: string;
  readonly name: string;
  readonly nameAr: string;
  readonly agency: 'police' | 'metro' | 'bus' | 'other';
  readonly hasPtz: boolean;
  /** The group it is in directly; the groups above follow from {@link siteGroups}. */
  readonly groupId: string;
}

/** A camera group of the pretend site. One without a parent is an agency. */
export interface SiteGroup {
  readonly id: string;
  readonly name: string;
  readonly nameAr: string;
  readonly parentId?: string;
}

interface Standing {
  readonly view: View;
  readonly groupId: string;
  readonly agency: SiteCamera['agency'];
}

const groups: SiteGroup[] = [];
const standing: Standing[] = [];

function put(place: Place, path: string, agency: SiteCamera['agency'], parentId?: string): void {
  const id = guid(`group ${path}`);
  groups.push({
    id,
    name: place.name.en,
    nameAr: place.name.ar,
    ...(parentId === undefined ? {} : { parentId }),
  });
  for (const view of place.views) standing.push({ view, groupId: id, agency });
  for (const below of place.places ?? []) put(below, `${path} / ${below.name.en}`, agency, id);
}
for (const agency of agencies) put(agency, agency.name.en, agency.agency);

/** 8 % of the cameras turn, as in the field; they are shared out evenly over the views where a dome can stand. */
const ptzCount = Math.round(standing.length * 0.08);
const turnable = standing.filter(({ view }) => view.canTurn);
const turning = new Set(
  Array.from({ length: ptzCount }, (_, i) => turnable[Math.floor((i * turnable.length) / ptzCount)]),
);

/** All camera groups, parents before their children. */
export const siteGroups: readonly SiteGroup[] = groups;

/** All 500 cameras by number: Police 1 to 50, Metro 51 to 80, Bus 81 to 100, others 101 to 500. */
export const siteCameras: readonly SiteCamera[] = standing.map((place, i) => {
  const number = i + 1;
  return {
    number,
    id: guid(`camera ${number}`),
    name: place.view.name.en,
    nameAr: place.view.name.ar,
    caption: place.view.name.en,
    scene: sceneFor(place.view.kind, number, place.view.name.en),
    agency: place.agency,
    groupId: place.groupId,
    hasPtz: turning.has(place),
  };
});
