// `npm run demo`: fills an empty installation with a believable organisation, through the public API as any client would.
// HALYARD_URL says where it runs (http://127.0.0.1:8000). Runs on Node 20 without dependencies.

import { randomBytes } from 'node:crypto';

const origin = (process.env.HALYARD_URL ?? 'http://127.0.0.1:8000').replace(/\/+$/, '');
const email = 'demo@halyard.example';
const password = randomBytes(9).toString('base64url');

let authorization;

async function main() {
  const administrator = await createAdministrator();
  authorization = `Token ${administrator.key}`;

  const organisation = await call('POST', 'organisations/', { name: 'Northwind Outfitters' });
  const project = await call('POST', 'projects/', { name: 'Web shop', organisation: organisation.id });
  const environments = {};
  for (const name of ['Development', 'Staging', 'Production']) {
    environments[name] = await call('POST', 'environments/', { name, project: project.id });
  }
  const tags = await createTags(project);
  const features = await createFeatures(project, tags);
  const segments = await createSegments(project);
  await setStates(environments, features);
  await overrideForSegments(environments, features, segments);
  await createIdentities(environments, features);
  await reportUse(environments, features);
  await invitePeople(organisation, project, environments);
  const serverKey = await call('POST', `environments/${environments.Production.api_key}/api-keys/`, {
    name: 'Demo server',
  });

  print({ project, environments, serverKey: serverKey.key, token: administrator.key, features, segments });
}

async function createAdministrator() {
  const response = await send('POST', '/api/v1/auth/users/', {
    email,
    password,
    first_name: 'Dana',
    last_name: 'Demo',
    superuser: true,
  });
  if (response.ok) return response.json();
  const text = await response.text();
  if (text.includes('superuser') || text.includes('already exists')) {
    throw new Error(`${origin} has accounts already; the demonstration only fills an empty installation.`);
  }
  throw new Error(`Creating the administrator failed with ${response.status}: ${text}`);
}

const catalogue = [
  ['new_checkout', 'The one-page checkout', false, 'classic'],
  ['checkout_button_colour', 'Which colour the buy button has', true, 'green', ['blue', 'orange']],
  ['express_delivery', 'Offer delivery within a day', true],
  ['free_shipping_from', 'Basket total, in euro, from which shipping is free', true, '50'],
  ['gift_wrapping', 'Offer to wrap as a gift', true],
  ['loyalty_points', 'Show and collect points', false],
  ['loyalty_points_factor', 'Points for each euro', true, '2'],
  ['recommendations', 'Products that others bought', true],
  ['recommendation_model', 'Which model ranks the recommendations', true, 'popular', ['collaborative', 'embedding']],
  ['search_v2', 'The new search engine', false],
  ['search_suggestions', 'Suggest while typing', true],
  ['search_result_limit', 'Results on one page', true, '24'],
  ['product_reviews', 'Show what customers say', true],
  ['review_photos', 'Let customers add photos', false],
  ['dark_mode', 'A dark theme', true],
  ['welcome_banner', 'Text of the banner on the home page', true, 'Welcome to Northwind!'],
  ['home_page_layout', 'How the home page is laid out', true, 'grid', ['list', 'magazine']],
  ['cookie_banner_style', 'How consent is asked for', true, 'bar'],
  ['newsletter_popup', 'Ask visitors for their address', false],
  ['newsletter_delay_seconds', 'How long to wait before asking', true, '30'],
  ['live_chat', 'Chat with support', true],
  ['chat_opening_hours', 'When support answers', true, '{"from":"08:00","to":"18:00"}'],
  ['payment_paypal', 'Pay with PayPal', true],
  ['payment_apple_pay', 'Pay with Apple Pay', true],
  ['payment_invoice', 'Pay after delivery', false],
  ['payment_retry_limit', 'How often a payment is tried', true, '3'],
  ['fraud_check', 'Score orders before payment', true, 'standard'],
  ['fraud_score_threshold', 'Orders above are checked by a person', true, '80'],
  ['stock_reservation', 'Hold items while somebody checks out', true],
  ['stock_reservation_minutes', 'For how long', true, '15'],
  ['back_in_stock_mail', 'Tell customers when an item is back', false],
  ['wish_list', 'Save items for later', true],
  ['shared_wish_list', 'Share them by a link', false],
  ['size_advisor', 'Recommend a size', false],
  ['currency_switcher', 'Prices in other currencies', true],
  ['multi_warehouse', 'Ship one order from several warehouses', false],
  ['maintenance_mode', 'Close the shop and say why', false, 'Back in ten minutes.'],
  ['api_rate_limit', 'Requests a minute for partners', true, '600'],
  ['legacy_image_server', 'Serve pictures from the old host', true],
  ['order_export_v3', 'The new export for accounting', false],
];

/** Which features a tag is for, by how their names begin. */
const tagsOf = {
  checkout: ['#0b7a63', /^(new_checkout|checkout|express|free_ship|gift|stock)/],
  payments: ['#b3541e', /^(payment|fraud)/],
  search: ['#3457b1', /^(search|recommendation)/],
  marketing: ['#8a3ab9', /^(welcome|newsletter|home_page|loyalty|cookie)/],
  experiment: ['#5b6470', /(colour|model|layout)$/],
};

async function createTags(project) {
  const tags = [];
  for (const [label, [color, names]] of Object.entries(tagsOf)) {
    const { id } = await call('POST', `projects/${project.id}/tags/`, { label, color });
    tags.push({ id, names });
  }
  return tags;
}

async function createFeatures(project, tags) {
  const features = {};
  for (const [name, description, enabled, value = null, variants = []] of catalogue) {
    features[name] = await call('POST', `projects/${project.id}/features/`, {
      name,
      description,
      default_enabled: enabled,
      initial_value: value,
      tags: tags.filter(({ names }) => names.test(name)).map(({ id }) => id),
      ...(name === 'fraud_score_threshold' && { is_server_key_only: true }),
      multivariate_options: variants.map((text) => ({
        type: 'unicode',
        string_value: text,
        key: text,
        default_percentage_allocation: 25,
      })),
    });
  }
  return features;
}

async function createSegments(project) {
  const all = (...conditions) => [{ type: 'ALL', conditions: [], rules: [{ type: 'ANY', conditions, rules: [] }] }];
  const definitions = {
    'Enterprise customers': all({ operator: 'EQUAL', property: 'plan', value: 'enterprise' }),
    'Beta testers': all(
      { operator: 'EQUAL', property: 'beta', value: 'true' },
      { operator: 'REGEX', property: '$.identity.identifier', value: '^.*@northwind\\.example$' },
    ),
    'Adults in the EU': [
      {
        type: 'ALL',
        conditions: [],
        rules: [
          {
            type: 'ALL',
            rules: [],
            conditions: [{ operator: 'GREATER_THAN_INCLUSIVE', property: 'age', value: '18' }],
          },
          { type: 'ANY', rules: [], conditions: [{ operator: 'IN', property: 'country', value: 'DE,FR,NL,ES,IT,SE' }] },
        ],
      },
    ],
    'Big spenders': all({ operator: 'GREATER_THAN', property: 'lifetime_value', value: '1000' }),
    'A tenth of everybody': all({ operator: 'PERCENTAGE_SPLIT', property: '', value: '10' }),
    'Old app versions': all({ operator: 'LESS_THAN', property: 'app_version', value: '4.2.0:semver' }),
  };
  const segments = {};
  for (const [name, rules] of Object.entries(definitions)) {
    segments[name] = await call('POST', `projects/${project.id}/segments/`, { name, rules });
  }
  return segments;
}

/** Development shows what is coming; Production is careful. */
async function setStates(environments, features) {
  const off = Object.entries(features).filter(([, feature]) => !feature.default_enabled);
  for (const [, feature] of off) await setState(environments.Development, feature, { enabled: true });
  for (const [, feature] of off.slice(0, 5)) await setState(environments.Staging, feature, { enabled: true });
  await setState(environments.Development, features.maintenance_mode, { enabled: false });
  await setState(environments.Production, features.free_shipping_from, { feature_state_value: 75 });
  await setState(environments.Production, features.welcome_banner, {
    feature_state_value: 'Winter sale: 20 % off boots',
  });
}

async function setState(environment, feature, body) {
  const states = `environments/${environment.api_key}/featurestates/`;
  const { results } = await call('GET', `${states}?feature=${feature.id}`);
  await call('PUT', `${states}${results[0].id}/`, body);
}

async function overrideForSegments(environments, features, segments) {
  const overrides = [
    ['Production', 'new_checkout', 'Beta testers', true, 'one-page'],
    ['Production', 'new_checkout', 'A tenth of everybody', true, 'one-page'],
    ['Production', 'payment_invoice', 'Enterprise customers', true],
    ['Production', 'free_shipping_from', 'Big spenders', true, '0'],
    ['Production', 'search_v2', 'Beta testers', true],
    ['Production', 'legacy_image_server', 'Old app versions', true],
    ['Staging', 'loyalty_points', 'Adults in the EU', true],
  ];
  for (const [environment, feature, segment, enabled, value] of overrides) {
    const path = `environments/${environments[environment].api_key}/features/${features[feature].id}/create-segment-override/`;
    await call('POST', path, {
      enabled,
      feature_segment: { segment: segments[segment].id },
      feature_state_value:
        value === '0' ? { type: 'int', integer_value: 0 } : { type: 'unicode', string_value: value ?? null },
    });
  }
}

async function createIdentities(environments, features) {
  const people = [
    ['ada@northwind.example', { plan: 'enterprise', age: 36, country: 'DE', beta: true, lifetime_value: 5200.5 }],
    ['bruno@example.com', { plan: 'free', age: 17, country: 'FR', app_version: '4.1.9' }],
    ['chen@example.com', { plan: 'pro', age: 28, country: 'CN', lifetime_value: 1250 }],
    ['dilnoza@example.com', { plan: 'pro', age: 41, country: 'SE', app_version: '4.3.0' }],
    ['emeka@example.com', { plan: 'enterprise', age: 52, country: 'NL', lifetime_value: 980 }],
  ];
  for (let i = 1; i <= 25; i++) {
    people.push([
      `visitor-${i}`,
      { plan: i % 4 === 0 ? 'pro' : 'free', age: 15 + i, country: ['DE', 'US', 'IT'][i % 3] },
    ]);
  }
  for (const [identifier, traits] of people) {
    const body = {
      identifier,
      traits: Object.entries(traits).map(([trait_key, trait_value]) => ({ trait_key, trait_value })),
    };
    await untilPublished(() =>
      send('POST', '/api/v1/identities/', body, { 'X-Environment-Key': environments.Production.api_key }),
    );
  }
  await call('POST', `environments/${environments.Production.api_key}/featurestates/`, {
    feature: features.new_checkout.id,
    identifier: 'ada@northwind.example',
    enabled: true,
    feature_state_value: 'one-page-with-survey',
  });
}

/** What SDKs report: how often an application asked for each feature. */
async function reportUse(environments, features) {
  const names = Object.keys(features).filter((name) => name !== 'order_export_v3' && name !== 'size_advisor');
  for (const [environment, often] of [
    ['Development', 12],
    ['Staging', 40],
    ['Production', 900],
  ]) {
    const counts = Object.fromEntries(names.map((name, i) => [name, often + ((i * 37) % often)]));
    const key = { 'X-Environment-Key': environments[environment].api_key };
    await untilPublished(() => send('POST', '/api/v1/analytics/flags/', counts, key));
  }
}

/** Two colleagues who join by a link; one is in a group that may see everything and change what is not live. */
async function invitePeople(organisation, project, environments) {
  const { hash } = await call('POST', `organisations/${organisation.id}/invite-links/`, { role: 'USER' });
  const ids = [];
  for (const [first_name, last_name] of [
    ['Bea', 'Builder'],
    ['Omar', 'Observer'],
  ]) {
    const response = await send('POST', '/api/v1/auth/users/', {
      email: `${first_name.toLowerCase()}@northwind.example`,
      password: randomBytes(12).toString('base64url'),
      first_name,
      last_name,
      invite_hash: hash,
    });
    const { id, key } = await response.json();
    await send('POST', `/api/v1/users/join/link/${hash}/`, {}, { Authorization: `Token ${key}` });
    ids.push(id);
  }
  const group = await call('POST', `organisations/${organisation.id}/groups/`, { name: 'Shop team' });
  await call('POST', `organisations/${organisation.id}/groups/${group.id}/add-users/`, { user_ids: [ids[0]] });
  const grant = (path, permissions) =>
    call('POST', `${path}/user-group-permissions/`, { group: group.id, permissions, admin: false });
  await grant(`projects/${project.id}`, ['VIEW_PROJECT', 'CREATE_FEATURE', 'MANAGE_SEGMENTS']);
  for (const { api_key } of [environments.Development, environments.Staging]) {
    await grant(`environments/${api_key}`, ['VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE', 'MANAGE_SEGMENT_OVERRIDES']);
  }
  await grant(`environments/${environments.Production.api_key}`, ['VIEW_ENVIRONMENT']);
}

/** A new environment answers SDKs a moment after it was made, when its document is published. */
async function untilPublished(request) {
  for (let attempt = 1; ; attempt++) {
    const response = await request();
    if (response.ok) return;
    if (response.status !== 403 || attempt === 50) throw new Error(`${response.status}: ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function call(method, path, body) {
  const response = await send(method, `/api/v1/${path}`, body, { Authorization: authorization });
  if (!response.ok) throw new Error(`${method} ${path} failed with ${response.status}: ${await response.text()}`);
  return response.json();
}

async function send(method, path, body, headers = {}) {
  try {
    return await fetch(origin + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const why = error.cause?.code ?? error.message;
    throw new Error(`No Halyard answers at ${origin} (${why}). Start one with: npm start`, { cause: error });
  }
}

function print({ project, environments, serverKey, token, features, segments }) {
  process.stdout.write(`The organisation "Northwind Outfitters" is ready: project "${project.name}" with ${Object.keys(environments).length} environments,
${Object.keys(features).length} features, ${Object.keys(segments).length} segments, overrides and 30 identities.

  Administrator   ${email}   password: ${password}

Copy this into a shell to follow the README:

export TOKEN=${token}
export CLIENT_KEY=${environments.Production.api_key}
export SERVER_KEY=${serverKey}
`);
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
