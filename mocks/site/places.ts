import type { SceneKind } from '#mocks/camera/scenes/scenes.ts';

/** A name in both of the site's languages. */
export interface Name {
  readonly en: string;
  readonly ar: string;
}

/** What one camera looks at. */
export interface View {
  readonly name: Name;
  readonly kind: SceneKind;
  /** A dome can stand here: crossings, squares and carriageways, not vehicles or platforms. */
  readonly canTurn?: boolean;
}

/** A camera group with the cameras right in it and the groups below it. */
export interface Place {
  readonly name: Name;
  readonly views: readonly View[];
  readonly places?: readonly Place[];
}

const name = (en: string, ar: string): Name => ({ en, ar });
const join = (a: Name, b: Name): Name => name(`${a.en}, ${b.en}`, `${a.ar}، ${b.ar}`);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** A group whose cameras are named after it: "Creek Tunnel, east portal". */
function place(placeName: Name, views: readonly (readonly [Name, SceneKind, canTurn?: boolean])[]): Place {
  return {
    name: placeName,
    views: views.map(([view, kind, canTurn = false]) => ({ name: join(placeName, view), kind, canTurn })),
  };
}

const north = name('northbound', 'باتجاه الشمال');
const south = name('southbound', 'باتجاه الجنوب');
const east = name('eastbound', 'باتجاه الشرق');
const west = name('westbound', 'باتجاه الغرب');

/* Police: five districts of ten. */

function district(districtName: Name, square: Name, gate: Name, isOnShore: boolean): Place {
  const open: SceneKind = isOnShore ? 'shore' : 'road';
  const view = (where: Name, kind: SceneKind, canTurn = false): View => ({ name: where, kind, canTurn });
  return {
    name: districtName,
    views: [
      view(join(square, name('north corner', 'الزاوية الشمالية')), 'road', true),
      view(join(square, name('south corner', 'الزاوية الجنوبية')), 'road', true),
      view(join(square, name('pedestrian crossing', 'معبر المشاة')), 'road'),
      view(join(gate, name('entry', 'الدخول')), 'gate'),
      view(join(gate, name('exit', 'الخروج')), 'gate'),
      view(join(districtName, name('police station yard', 'ساحة مركز الشرطة')), 'parking'),
      view(join(districtName, name('main street', 'الشارع الرئيسي')), 'road', true),
      view(join(districtName, name('school street', 'شارع المدرسة')), 'road'),
      view(join(districtName, name('promenade', 'الممشى')), open, true),
      view(join(districtName, name('visitor parking', 'مواقف الزوار')), 'parking'),
    ],
  };
}

const police: readonly Place[] = [
  district(
    name('Al Marsa', 'المرسى'),
    name('Fish Market Square', 'ميدان سوق السمك'),
    name('Harbour Gate 1', 'بوابة الميناء 1'),
    true,
  ),
  district(
    name('Al Qalaa', 'القلعة'),
    name('Fort Square', 'ميدان الحصن'),
    name('Museum Gate', 'بوابة المتحف'),
    false,
  ),
  district(
    name('Al Bahia', 'الباهية'),
    name('Lighthouse Square', 'ميدان المنارة'),
    name('Marina Gate', 'بوابة المارينا'),
    true,
  ),
  district(
    name('Al Nakheel', 'النخيل'),
    name('Palm Square', 'ميدان النخلة'),
    name('Stadium Gate 3', 'بوابة الاستاد 3'),
    false,
  ),
  district(
    name('Al Sinaiya', 'الصناعية'),
    name('Foundry Square', 'ميدان المسبك'),
    name('Free Zone Gate 2', 'بوابة المنطقة الحرة 2'),
    false,
  ),
];

/* Metro: two lines of five stations with three cameras each. */

const station = (stationName: Name): Place =>
  place(stationName, [
    [name('platform 1', 'الرصيف 1'), 'metro'],
    [name('platform 2', 'الرصيف 2'), 'metro'],
    [name('concourse', 'صالة التذاكر'), 'metro'],
  ]);

const metro: readonly Place[] = [
  {
    name: name('Red Line', 'الخط الأحمر'),
    views: [],
    places: [
      station(name('Al Souq Station', 'محطة السوق')),
      station(name('Creek Station', 'محطة الخور')),
      station(name('University Station', 'محطة الجامعة')),
      station(name('Exhibition Station', 'محطة المعارض')),
      station(name('Airport Station', 'محطة المطار')),
    ],
  },
  {
    name: name('Green Line', 'الخط الأخضر'),
    views: [],
    places: [
      station(name('Harbour Station', 'محطة الميناء')),
      station(name('Al Waha Station', 'محطة الواحة')),
      station(name('Hospital Station', 'محطة المستشفى')),
      station(name('Stadium Station', 'محطة الاستاد')),
      station(name('Garden Station', 'محطة الحديقة')),
    ],
  },
];

/* Bus: a station, a depot, and the saloons of two lines; five cameras each. */

const saloons = (line: Name, vehicles: readonly number[]): Place =>
  place(
    line,
    vehicles.map(
      (vehicle) => [name(`bus ${vehicle}, saloon`, `الحافلة ${vehicle}، المقصورة`), 'bus'] as const,
    ),
  );

const bus: readonly Place[] = [
  place(name('Al Souq Bus Station', 'محطة حافلات السوق'), [
    [name('bay 1', 'الموقف 1'), 'depot'],
    [name('bay 2', 'الموقف 2'), 'depot'],
    [name('bay 3', 'الموقف 3'), 'depot'],
    [name('entry', 'الدخول'), 'gate'],
    [name('taxi rank', 'موقف سيارات الأجرة'), 'road'],
  ]),
  place(name('Al Waha Depot', 'مستودع الواحة'), [
    [name('gate', 'البوابة'), 'gate'],
    [name('wash lane', 'ممر الغسيل'), 'depot'],
    [name('fuel point', 'نقطة الوقود'), 'depot'],
    [name('parking rows A', 'صفوف الوقوف أ'), 'depot'],
    [name('parking rows B', 'صفوف الوقوف ب'), 'depot'],
  ]),
  saloons(name('Line 8', 'الخط 8'), [1204, 1207, 1211, 1215, 1222]),
  saloons(name('Line 27', 'الخط 27'), [2301, 2304, 2309, 2316, 2318]),
];

/* Others: ten road corridors of 26, five car parks of ten, three tunnels of 14, four bridges of twelve. */

function corridor(road: Name, kind: SceneKind, isNorthSouth: boolean, firstKm: number): Place {
  const [one, other] = isNorthSouth ? [north, south] : [east, west];
  const posts = range(8).flatMap((post) => {
    const km = firstKm + (post - 1) * 2;
    return [one, other].map(
      (way) => [name(`km ${km} ${way.en}`, `كم ${km} ${way.ar}`), kind, way === one] as const,
    );
  });
  const crossings = range(5).flatMap((number) => [
    [name(`interchange ${number}`, `التقاطع ${number}`), 'road', true] as const,
    [name(`interchange ${number} ramp`, `منحدر التقاطع ${number}`), 'highway'] as const,
  ]);
  return place(road, [...posts, ...crossings]);
}

const corridors: Place = {
  name: name('Roads', 'الطرق'),
  views: [],
  places: [
    corridor(name('Shore Road', 'طريق الشاطئ'), 'shore', true, 1),
    corridor(name('Creek Road', 'طريق الخور'), 'road', true, 2),
    corridor(name('Airport Road', 'طريق المطار'), 'highway', false, 3),
    corridor(name('Al Waha Road', 'طريق الواحة'), 'highway', true, 5),
    corridor(name('Harbour Road', 'طريق الميناء'), 'shore', false, 1),
    corridor(name('University Road', 'طريق الجامعة'), 'road', false, 4),
    corridor(name('Inner Ring', 'الطريق الدائري الداخلي'), 'highway', true, 1),
    corridor(name('Outer Ring', 'الطريق الدائري الخارجي'), 'highway', true, 12),
    corridor(name('Desert Road', 'طريق الصحراء'), 'highway', false, 20),
    corridor(name('Al Qalaa Street', 'شارع القلعة'), 'road', true, 1),
  ],
};

const carPark = (parkName: Name): Place =>
  place(parkName, [
    [name('entry', 'الدخول'), 'gate'],
    [name('exit', 'الخروج'), 'gate'],
    ...range(4).flatMap((level) => [
      [name(`level ${level} north`, `الطابق ${level} شمالاً`), 'parking'] as const,
      [name(`level ${level} south`, `الطابق ${level} جنوباً`), 'parking'] as const,
    ]),
  ]);

const tunnel = (tunnelName: Name): Place =>
  place(tunnelName, [
    [name('east portal', 'المدخل الشرقي'), 'highway'],
    [name('west portal', 'المدخل الغربي'), 'highway'],
    ...range(6).flatMap((section) => [
      [name(`tube A section ${section}`, `الأنبوب أ القسم ${section}`), 'tunnel'] as const,
      [name(`tube B section ${section}`, `الأنبوب ب القسم ${section}`), 'tunnel'] as const,
    ]),
  ]);

const bridge = (bridgeName: Name): Place =>
  place(bridgeName, [
    [name('north approach', 'المقترب الشمالي'), 'road', true],
    [name('south approach', 'المقترب الجنوبي'), 'road', true],
    ...range(4).flatMap((span) => [
      [name(`span ${span} ${north.en}`, `الفتحة ${span} ${north.ar}`), 'highway'] as const,
      [name(`span ${span} ${south.en}`, `الفتحة ${span} ${south.ar}`), 'highway'] as const,
    ]),
    [name('water side', 'جهة الماء'), 'shore'],
    [name('walkway', 'ممر المشاة'), 'shore'],
  ]);

const others: readonly Place[] = [
  corridors,
  {
    name: name('Car parks', 'مواقف السيارات'),
    views: [],
    places: [
      carPark(name('Al Souq Car Park', 'موقف السوق')),
      carPark(name('Harbour Car Park', 'موقف الميناء')),
      carPark(name('Airport Car Park', 'موقف المطار')),
      carPark(name('Stadium Car Park', 'موقف الاستاد')),
      carPark(name('Hospital Car Park', 'موقف المستشفى')),
    ],
  },
  {
    name: name('Tunnels', 'الأنفاق'),
    views: [],
    places: [
      tunnel(name('Creek Tunnel', 'نفق الخور')),
      tunnel(name('Airport Tunnel', 'نفق المطار')),
      tunnel(name('Hill Tunnel', 'نفق التل')),
    ],
  },
  {
    name: name('Bridges', 'الجسور'),
    views: [],
    places: [
      bridge(name('Garden Bridge', 'جسر الحديقة')),
      bridge(name('Harbour Bridge', 'جسر الميناء')),
      bridge(name('Floating Bridge', 'الجسر العائم')),
      bridge(name('Al Qalaa Bridge', 'جسر القلعة')),
    ],
  },
];

/** The four agencies with everything below them, in the order in which the cameras are numbered. Invented places. */
export const agencies = [
  { agency: 'police', name: name('Police', 'الشرطة'), views: [], places: police },
  { agency: 'metro', name: name('Metro', 'المترو'), views: [], places: metro },
  { agency: 'bus', name: name('Bus', 'الحافلات'), views: [], places: bus },
  { agency: 'other', name: name('Others', 'جهات أخرى'), views: [], places: others },
] as const satisfies readonly (Place & { agency: string })[];
