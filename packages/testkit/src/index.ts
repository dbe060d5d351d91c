export {
  aDocument,
  aFeatureState,
  anIdentityOverride,
  aPublished,
  aSegment,
  aVariant,
  type DocumentParts,
  type FeatureStateParts,
  type PublishedParts,
  type SegmentParts,
  type VariantParts,
} from './documents.ts';
