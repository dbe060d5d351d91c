/** What stands in a snippet for the key and the address of this installation. */
interface Place {
  key: string;
  api: string;
  origin: string;
  feature: string;
}

export interface Snippet {
  name: string;
  /** Where it runs decides which key it may have. */
  install: string;
  code: (place: Place) => string;
}

/** How to ask for a feature, by language. The SDKs are Flagsmith's and OpenFeature's own. */
export const snippets: Snippet[] = [
  {
    name: 'JavaScript',
    install: 'npm install @flagsmith/flagsmith',
    code: ({ key, api, origin, feature }) => `import flagsmith from '@flagsmith/flagsmith';

await flagsmith.init({
  environmentID: '${key}',
  api: '${api}',
  realtime: true,
  eventSourceUrl: '${origin}/',
  enableAnalytics: true,
});
console.log(flagsmith.hasFeature('${feature}'), flagsmith.getValue('${feature}'));`,
  },
  {
    name: 'React',
    install: 'npm install @flagsmith/flagsmith',
    code: ({ key, api, feature }) => `import flagsmith from '@flagsmith/flagsmith';
import { FlagsmithProvider, useFlags } from '@flagsmith/flagsmith/react';

export function App() {
  return (
    <FlagsmithProvider options={{ environmentID: '${key}', api: '${api}' }} flagsmith={flagsmith}>
      <Page />
    </FlagsmithProvider>
  );
}

function Page() {
  const { ${feature} } = useFlags(['${feature}']);
  return ${feature}.enabled ? <p>On</p> : <p>Off</p>;
}`,
  },
  {
    name: 'Node.js',
    install: 'npm install flagsmith-nodejs',
    code: ({ key, api, feature }) => `import { Flagsmith } from 'flagsmith-nodejs';

const flagsmith = new Flagsmith({ environmentKey: '${key}', apiUrl: '${api}' });
const flags = await flagsmith.getIdentityFlags('ada@example.com', { plan: 'enterprise' });
console.log(flags.isFeatureEnabled('${feature}'), flags.getFeatureValue('${feature}'));`,
  },
  {
    name: 'Python',
    install: 'pip install flagsmith',
    code: ({ key, api, feature }) => `from flagsmith import Flagsmith

flagsmith = Flagsmith(environment_key="${key}", api_url="${api}")
flags = flagsmith.get_identity_flags(identifier="ada@example.com", traits={"plan": "enterprise"})
print(flags.is_feature_enabled("${feature}"), flags.get_feature_value("${feature}"))`,
  },
  {
    name: 'Java',
    install: 'implementation "com.flagsmith:flagsmith-java-client:7.+"',
    code: ({ key, api, feature }) => `FlagsmithClient flagsmith = FlagsmithClient.newBuilder()
    .setApiKey("${key}")
    .withApiUrl("${api}")
    .build();
Flags flags = flagsmith.getEnvironmentFlags();
System.out.println(flags.isFeatureEnabled("${feature}"));`,
  },
  {
    name: 'Kotlin (Android)',
    install: 'implementation("com.github.Flagsmith:flagsmith-kotlin-android-client:1.+")',
    code: ({
      key,
      api,
      feature,
    }) => `val flagsmith = Flagsmith(environmentKey = "${key}", baseUrl = "${api}", context = context)
flagsmith.hasFeatureFlag("${feature}") { result ->
    result.onSuccess { enabled -> println(enabled) }
}`,
  },
  {
    name: 'Swift (iOS)',
    install: '.package(url: "https://github.com/Flagsmith/flagsmith-ios-client", from: "3.0.0")',
    code: ({ key, api, feature }) => `import FlagsmithClient

Flagsmith.shared.apiKey = "${key}"
Flagsmith.shared.baseURL = URL(string: "${api}")!
let enabled = try await Flagsmith.shared.hasFeatureFlag(withID: "${feature}")`,
  },
  {
    name: 'Flutter',
    install: 'flutter pub add flagsmith',
    code: ({ key, api, feature }) => `final flagsmith = await FlagsmithClient.init(
  apiKey: '${key}',
  config: const FlagsmithConfig(baseURI: '${api}'),
);
await flagsmith.getFeatureFlags(reload: true);
print(await flagsmith.hasFeatureFlag('${feature}'));`,
  },
  {
    name: 'Go',
    install: 'go get github.com/Flagsmith/flagsmith-go-client/v4',
    code: ({ key, api, feature }) => `client := flagsmith.NewClient("${key}", flagsmith.WithBaseURL("${api}"))
flags, _ := client.GetEnvironmentFlags(context.Background())
enabled, _ := flags.IsFeatureEnabled("${feature}")
fmt.Println(enabled)`,
  },
  {
    name: 'Ruby',
    install: 'gem install flagsmith',
    code: ({ key, api, feature }) => `require 'flagsmith'

flagsmith = Flagsmith::Client.new(environment_key: '${key}', api_url: '${api}')
flags = flagsmith.get_environment_flags
puts flags.feature_enabled?('${feature}')`,
  },
  {
    name: 'PHP',
    install: 'composer require flagsmith/flagsmith-php-client',
    code: ({ key, api, feature }) => `use Flagsmith\\Flagsmith;

$flagsmith = new Flagsmith('${key}', '${api}');
$flags = $flagsmith->getEnvironmentFlags();
var_dump($flags->isFeatureEnabled('${feature}'));`,
  },
  {
    name: '.NET',
    install: 'dotnet add package Flagsmith',
    code: ({ key, api, feature }) => `using Flagsmith;

var flagsmith = new FlagsmithClient("${key}", apiUrl: "${api}");
var flags = await flagsmith.GetEnvironmentFlags();
Console.WriteLine(await flags.IsFeatureEnabled("${feature}"));`,
  },
  {
    name: 'Rust',
    install: 'cargo add flagsmith',
    code: ({ key, api, feature }) => `use flagsmith::{Flagsmith, FlagsmithOptions};

let options = FlagsmithOptions { api_url: "${api}".to_string(), ..Default::default() };
let flagsmith = Flagsmith::new("${key}".to_string(), options);
let flags = flagsmith.get_environment_flags().unwrap();
println!("{}", flags.is_feature_enabled("${feature}").unwrap());`,
  },
  {
    name: 'Elixir',
    install: '{:flagsmith_engine, "~> 2.0"}',
    code: ({ key, api, feature }) => `client = Flagsmith.Client.new(environment_key: "${key}", api_url: "${api}")
{:ok, flags} = Flagsmith.Client.get_environment_flags(client)
IO.inspect(Flagsmith.Client.is_feature_enabled(flags, "${feature}"))`,
  },
  {
    name: 'OpenFeature',
    install: 'npm install @openfeature/server-sdk @openfeature/ofrep-provider',
    code: ({ key, origin, feature }) => `import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';

await OpenFeature.setProviderAndWait(
  new OFREPProvider({ baseUrl: '${origin}', headers: [['X-Environment-Key', '${key}']] }),
);
console.log(await OpenFeature.getClient().getBooleanValue('${feature}', false));`,
  },
  {
    name: 'curl',
    install: '',
    code: ({ key, api }) => `curl '${api}flags/' -H 'X-Environment-Key: ${key}'`,
  },
];
