/** What stands in a snippet for the key and the address of this installation. */
export interface Place {
  key: string;
  api: string;
  origin: string;
  feature: string;
}

export interface Sdk {
  /** How a link and the browser's memory call it. */
  id: string;
  name: string;
  /** Where it runs: on people's devices, or on a server, which may have a server-side key and evaluate by itself. */
  side: 'client' | 'server';
  install: { title: string; code: string } | null;
  /** Makes a client and asks for a feature. */
  ask: (place: Place) => string;
  /** Asks for somebody, telling what is known of them. */
  identify: (place: Place) => string;
}

/** How to ask for a feature, by language. The SDKs are Flagsmith's and OpenFeature's own. */
export const sdks: Sdk[] = [
  {
    id: 'javascript',
    name: 'JavaScript',
    side: 'client',
    install: shell('npm install @flagsmith/flagsmith'),
    ask: ({ key, api, origin, feature }) => `import flagsmith from '@flagsmith/flagsmith';

await flagsmith.init({
  environmentID: '${key}',
  api: '${api}',
  enableAnalytics: true,
  // Follows changes while the page is open.
  realtime: true,
  eventSourceUrl: '${origin}/',
});
console.log(flagsmith.hasFeature('${feature}'), flagsmith.getValue('${feature}'));`,
    identify: ({ feature }) => `await flagsmith.identify('ada@example.com', { plan: 'enterprise', seats: 12 });
console.log(flagsmith.hasFeature('${feature}'));`,
  },
  {
    id: 'react',
    name: 'React',
    side: 'client',
    install: shell('npm install @flagsmith/flagsmith'),
    ask: ({ key, api, feature }) => `import flagsmith from '@flagsmith/flagsmith';
import { FlagsmithProvider, useFlags } from '@flagsmith/flagsmith/react';

const options = { environmentID: '${key}', api: '${api}', enableAnalytics: true };

export function App() {
  return (
    <FlagsmithProvider flagsmith={flagsmith} options={options}>
      <Page />
    </FlagsmithProvider>
  );
}

function Page() {
  const flags = useFlags(['${feature}']);
  return <p>{flags['${feature}'].enabled ? 'On' : 'Off'}</p>;
}`,
    identify: () => `import { useFlagsmith } from '@flagsmith/flagsmith/react';

function LogIn() {
  const flagsmith = useFlagsmith();
  const logIn = () => flagsmith.identify('ada@example.com', { plan: 'enterprise', seats: 12 });
  return <button onClick={logIn}>Log in</button>;
}`,
  },
  {
    id: 'nodejs',
    name: 'Node.js',
    side: 'server',
    install: shell('npm install flagsmith-nodejs'),
    ask: ({ key, api, feature }) => `import { Flagsmith } from 'flagsmith-nodejs';

const flagsmith = new Flagsmith({
  environmentKey: '${key}',
  apiUrl: '${api}',
  enableAnalytics: true,
});
const flags = await flagsmith.getEnvironmentFlags();
console.log(flags.isFeatureEnabled('${feature}'), flags.getFeatureValue('${feature}'));`,
    identify: ({
      feature,
    }) => `const flags = await flagsmith.getIdentityFlags('ada@example.com', { plan: 'enterprise', seats: 12 });
console.log(flags.isFeatureEnabled('${feature}'));`,
  },
  {
    id: 'python',
    name: 'Python',
    side: 'server',
    install: shell('pip install flagsmith'),
    ask: ({ key, api, feature }) => `from flagsmith import Flagsmith

flagsmith = Flagsmith(
    environment_key="${key}",
    api_url="${api}",
    enable_analytics=True,
)
flags = flagsmith.get_environment_flags()
print(flags.is_feature_enabled("${feature}"), flags.get_feature_value("${feature}"))`,
    identify: ({ feature }) => `flags = flagsmith.get_identity_flags(
    identifier="ada@example.com",
    traits={"plan": "enterprise", "seats": 12},
)
print(flags.is_feature_enabled("${feature}"))`,
  },
  {
    id: 'go',
    name: 'Go',
    side: 'server',
    install: shell('go get github.com/Flagsmith/flagsmith-go-client/v5'),
    ask: ({ key, api, feature }) => `package main

import (
	"context"
	"fmt"

	flagsmith "github.com/Flagsmith/flagsmith-go-client/v5"
)

func main() {
	client := flagsmith.NewClient("${key}", flagsmith.WithBaseURL("${api}"))
	flags, err := client.GetEnvironmentFlags(context.Background())
	if err != nil {
		panic(err)
	}
	enabled, _ := flags.IsFeatureEnabled("${feature}")
	fmt.Println(enabled)
}`,
    identify: ({ feature }) => `traits := []*flagsmith.Trait{
	{TraitKey: "plan", TraitValue: "enterprise"},
	{TraitKey: "seats", TraitValue: 12},
}
flags, err := client.GetIdentityFlags(context.Background(), "ada@example.com", traits)
if err != nil {
	panic(err)
}
enabled, _ := flags.IsFeatureEnabled("${feature}")
fmt.Println(enabled)`,
  },
  {
    id: 'java',
    name: 'Java',
    side: 'server',
    install: { title: 'build.gradle', code: "implementation 'com.flagsmith:flagsmith-java-client:8.+'" },
    ask: ({ key, api, feature }) => `import com.flagsmith.FlagsmithClient;
import com.flagsmith.config.FlagsmithConfig;
import com.flagsmith.models.Flags;

FlagsmithClient flagsmith = FlagsmithClient.newBuilder()
    .setApiKey("${key}")
    .withConfiguration(FlagsmithConfig.newBuilder().baseUri("${api}").build())
    .build();

Flags flags = flagsmith.getEnvironmentFlags();
System.out.println(flags.isFeatureEnabled("${feature}"));`,
    identify: ({ feature }) => `Map<String, Object> traits = new HashMap<>();
traits.put("plan", "enterprise");
traits.put("seats", 12);

Flags flags = flagsmith.getIdentityFlags("ada@example.com", traits);
System.out.println(flags.isFeatureEnabled("${feature}"));`,
  },
  {
    id: 'dotnet',
    name: '.NET',
    side: 'server',
    install: shell('dotnet add package Flagsmith'),
    ask: ({ key, api, feature }) => `using Flagsmith;

var flagsmith = new FlagsmithClient(new FlagsmithConfiguration
{
    EnvironmentKey = "${key}",
    ApiUri = new Uri("${api}"),
    EnableAnalytics = true,
});
var flags = await flagsmith.GetEnvironmentFlags();
Console.WriteLine(await flags.IsFeatureEnabled("${feature}"));`,
    identify: ({
      feature,
    }) => `var traits = new List<ITrait> { new Trait("plan", "enterprise"), new Trait("seats", 12) };
var flags = await flagsmith.GetIdentityFlags("ada@example.com", traits);
Console.WriteLine(await flags.IsFeatureEnabled("${feature}"));`,
  },
  {
    id: 'ruby',
    name: 'Ruby',
    side: 'server',
    install: shell('gem install flagsmith'),
    ask: ({ key, api, feature }) => `require 'flagsmith'

flagsmith = Flagsmith::Client.new(
  environment_key: '${key}',
  api_url: '${api}'
)
flags = flagsmith.get_environment_flags
puts flags.feature_enabled?('${feature}')`,
    identify: ({ feature }) => `flags = flagsmith.get_identity_flags('ada@example.com', plan: 'enterprise', seats: 12)
puts flags.feature_enabled?('${feature}')`,
  },
  {
    id: 'php',
    name: 'PHP',
    side: 'server',
    install: shell('composer require flagsmith/flagsmith-php-client guzzlehttp/guzzle symfony/cache'),
    ask: ({ key, api, feature }) => `<?php
require 'vendor/autoload.php';

use Flagsmith\\Flagsmith;

$flagsmith = new Flagsmith('${key}', '${api}');
$flags = $flagsmith->getEnvironmentFlags();
var_dump($flags->isFeatureEnabled('${feature}'));`,
    identify: ({ feature }) => `$traits = (object) ['plan' => 'enterprise', 'seats' => 12];
$flags = $flagsmith->getIdentityFlags('ada@example.com', $traits);
var_dump($flags->isFeatureEnabled('${feature}'));`,
  },
  {
    id: 'rust',
    name: 'Rust',
    side: 'server',
    install: shell('cargo add flagsmith flagsmith-flag-engine'),
    ask: ({ key, api, feature }) => `use flagsmith::{Flagsmith, FlagsmithOptions};

let options = FlagsmithOptions {
    api_url: "${api}".to_string(),
    ..Default::default()
};
let flagsmith = Flagsmith::new("${key}".to_string(), options);
let flags = flagsmith.get_environment_flags().unwrap();
println!("{}", flags.is_feature_enabled("${feature}").unwrap());`,
    identify: ({ feature }) => `use flagsmith::flagsmith::models::SDKTrait;
use flagsmith_flag_engine::types::{FlagsmithValue, FlagsmithValueType};

let plan = FlagsmithValue {
    value: "enterprise".to_string(),
    value_type: FlagsmithValueType::String,
};
let traits = vec![SDKTrait::new("plan".to_string(), plan)];
let flags = flagsmith.get_identity_flags("ada@example.com", Some(traits), None).unwrap();
println!("{}", flags.is_feature_enabled("${feature}").unwrap());`,
  },
  {
    id: 'elixir',
    name: 'Elixir',
    side: 'server',
    install: { title: 'mix.exs', code: '{:flagsmith_engine, "~> 2.0"}' },
    ask: ({ key, api, feature }) => `client = Flagsmith.Client.new(
  environment_key: "${key}",
  api_url: "${api.replace(/\/$/, '')}"
)
{:ok, flags} = Flagsmith.Client.get_environment_flags(client)
IO.inspect(Flagsmith.Client.is_feature_enabled(flags, "${feature}"))`,
    identify: ({ feature }) => `traits = [
  %{trait_key: "plan", trait_value: "enterprise"},
  %{trait_key: "seats", trait_value: 12}
]
{:ok, flags} = Flagsmith.Client.get_identity_flags(client, "ada@example.com", traits)
IO.inspect(Flagsmith.Client.is_feature_enabled(flags, "${feature}"))`,
  },
  {
    id: 'ios',
    name: 'Swift (iOS)',
    side: 'client',
    install: {
      title: 'Package.swift',
      code: '.package(url: "https://github.com/Flagsmith/flagsmith-ios-client.git", from: "3.0.0")',
    },
    ask: ({ key, api, feature }) => `import FlagsmithClient

Flagsmith.shared.apiKey = "${key}"
Flagsmith.shared.baseURL = URL(string: "${api}")!
Flagsmith.shared.enableAnalytics = true

let enabled = try await Flagsmith.shared.hasFeatureFlag(withID: "${feature}")
print(enabled)`,
    identify: () => `let flags = try await Flagsmith.shared.getFeatureFlags(
    forIdentity: "ada@example.com",
    traits: [Trait(key: "plan", value: "enterprise"), Trait(key: "seats", value: 12)]
)
for flag in flags {
    print(flag.feature.name, flag.enabled)
}`,
  },
  {
    id: 'android',
    name: 'Kotlin (Android)',
    side: 'client',
    install: {
      title: 'app/build.gradle',
      code: 'implementation("com.flagsmith:flagsmith-kotlin-android-client:1.+")',
    },
    ask: ({ key, api, feature }) => `import com.flagsmith.Flagsmith

val flagsmith = Flagsmith(
    environmentKey = "${key}",
    baseUrl = "${api}",
    context = context,
)
flagsmith.hasFeatureFlag(forFeatureId = "${feature}") { result ->
    println(result.getOrDefault(false))
}`,
    identify: () => `import com.flagsmith.entities.Trait

flagsmith.getFeatureFlags(
    identity = "ada@example.com",
    traits = listOf(Trait(key = "plan", value = "enterprise")),
) { result ->
    result.onSuccess { flags ->
        flags.forEach { println("\${it.feature.name}: \${it.enabled}") }
    }
}`,
  },
  {
    id: 'flutter',
    name: 'Flutter',
    side: 'client',
    install: shell('flutter pub add flagsmith'),
    ask: ({ key, api, feature }) => `import 'package:flagsmith/flagsmith.dart';

final flagsmith = await FlagsmithClient.init(
  apiKey: '${key}',
  config: FlagsmithConfig(baseURI: '${api}'),
);
await flagsmith.getFeatureFlags(reload: true);
print(await flagsmith.isFeatureFlagEnabled('${feature}'));`,
    identify: ({ feature }) => `final ada = Identity(identifier: 'ada@example.com');
await flagsmith.createTrait(
  value: TraitWithIdentity(identity: ada, key: 'plan', value: 'enterprise'),
);
await flagsmith.getFeatureFlags(user: ada, reload: true);
print(await flagsmith.isFeatureFlagEnabled('${feature}', user: ada));`,
  },
  {
    id: 'openfeature',
    name: 'OpenFeature',
    side: 'server',
    install: shell('npm install @openfeature/server-sdk @openfeature/ofrep-provider'),
    ask: ({ key, origin, feature }) => `import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';

await OpenFeature.setProviderAndWait(
  new OFREPProvider({
    baseUrl: '${origin}',
    headers: [['X-Environment-Key', '${key}']],
  }),
);
const client = OpenFeature.getClient();
console.log(await client.getBooleanValue('${feature}', false));`,
    identify: ({ feature }) => `const context = { targetingKey: 'ada@example.com', plan: 'enterprise', seats: 12 };
console.log(await client.getBooleanValue('${feature}', false, context));`,
  },
  {
    id: 'curl',
    name: 'curl',
    side: 'client',
    install: null,
    ask: ({ key, api }) => `curl '${api}flags/' -H 'X-Environment-Key: ${key}'`,
    identify: ({ key, api }) => `curl '${api}identities/' \\
  -H 'X-Environment-Key: ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"identifier": "ada@example.com", "traits": [{"trait_key": "plan", "trait_value": "enterprise"}]}'`,
  },
];

function shell(code: string) {
  return { title: 'Install', code };
}
