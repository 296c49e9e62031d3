import type { PictureSubject } from '#mocks/camera/pictures.ts';

/** A camera of the pretend site, the same in every process and every run. */
export interface SiteCamera extends PictureSubject {
  /** GUID, derived from the number. */
  readonly id: string;
  readonly name: string;
  readonly nameAr: string;
  readonly agency: 'police' | 'metro' | 'bus' | 'other';
  readonly hasPtz: boolean;
}
