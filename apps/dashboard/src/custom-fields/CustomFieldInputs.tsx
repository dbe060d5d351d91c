import type { CustomFieldInput } from '@halyard/contract';
import { NativeSelect, Textarea, TextInput } from '@mantine/core';

/** The value of a custom field as a save sends it. */
export interface CustomValue {
  model_field: number;
  field_value: string;
}

interface CustomFieldInputsProps {
  fields: CustomFieldInput[];
  values: CustomValue[];
  onChange: (values: CustomValue[]) => void;
  readOnly?: boolean;
  /** What the server said of the fields of a form, where it did. */
  errors?: Record<string, string>;
  /** Says at once what is missing: outside a form nothing else does. */
  demanding?: boolean;
}

/** One input for each custom field of an object, by its type. An empty one has no value. */
export function CustomFieldInputs({
  fields,
  values,
  onChange,
  readOnly = false,
  errors = {},
  demanding,
}: CustomFieldInputsProps) {
  const set = (field: CustomFieldInput, value: string) => {
    const others = values.filter(({ model_field }) => model_field !== field.model_field);
    onChange(value === '' ? others : [...others, { model_field: field.model_field, field_value: value }]);
  };
  return fields.map((field) => {
    const index = values.findIndex(({ model_field }) => model_field === field.model_field);
    const shared = {
      label: field.name,
      required: field.is_required,
      value: values[index]?.field_value ?? '',
      error: demanding && field.is_required && index < 0 ? `${field.name} is required.` : errorOf(field, index, errors),
      onChange: (event: { currentTarget: { value: string } }) => set(field, event.currentTarget.value),
    };
    if (field.type === 'bool') {
      return (
        <NativeSelect
          key={field.model_field}
          {...shared}
          value={shared.value.toLowerCase()}
          disabled={readOnly}
          data={[
            { value: '', label: field.is_required ? 'Choose' : 'Not said' },
            { value: 'true', label: 'Yes' },
            { value: 'false', label: 'No' },
          ]}
        />
      );
    }
    if (field.type === 'multiline_str') {
      return <Textarea key={field.model_field} {...shared} readOnly={readOnly} autosize minRows={2} maxRows={10} />;
    }
    const type = { int: 'number', url: 'url', str: 'text' }[field.type];
    return (
      <TextInput
        key={field.model_field}
        {...shared}
        readOnly={readOnly}
        type={type}
        {...(field.type === 'int' && { step: 1 })}
        {...(field.type === 'url' && { placeholder: 'https://' })}
      />
    );
  });
}

/** The required fields that have no value. */
export function missingFields(fields: CustomFieldInput[], values: CustomValue[]): CustomFieldInput[] {
  const given = new Set(values.map(({ model_field }) => model_field));
  return fields.filter(({ is_required, model_field }) => is_required && !given.has(model_field));
}

/** The server names the value by its place in the list, and a missing one by the field's name. */
function errorOf(field: CustomFieldInput, index: number, errors: Record<string, string>): string | undefined {
  const own = index < 0 ? undefined : Object.entries(errors).find(([key]) => key.startsWith(`metadata.${index}.`));
  if (own) return own[1];
  return errors.metadata?.endsWith(`: ${field.name}`) ? errors.metadata : undefined;
}
