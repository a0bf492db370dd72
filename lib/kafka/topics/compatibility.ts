import avsc, { type Schema, type Type } from 'avsc';

/** Why data of one version cannot be read by another, at one place of the record. */
export interface Incompatibility {
  /** Names of fields from the record down, `[]` for the items of an array, `{}` for the values of a map. */
  field: string;
  reason: string;
}

/**
 * Where `reader` cannot read data written with `writer` (Avro schema resolution, BACKWARD compatibility), field by
 * field. avsc decides; this walk only says where. Empty: compatible.
 */
export function incompatibilities(reader: Schema, writer: Schema): Incompatibility[] {
  return compare(avsc.Type.forSchema(reader), avsc.Type.forSchema(writer), '');
}

function compare(reader: Type, writer: Type, path: string): Incompatibility[] {
  const cause = resolverError(reader, writer);
  if (cause === undefined) return [];
  const inner = compareInside(reader, writer, path);
  return inner.length > 0 ? inner : [{ field: path || reader.name || 'value', reason: cause }];
}

function compareInside(reader: Type, writer: Type, path: string): Incompatibility[] {
  if (reader instanceof avsc.types.RecordType && writer instanceof avsc.types.RecordType) {
    if (reader.name !== writer.name) return [];
    return reader.fields.flatMap((field) => {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const written = writer.fields.find(
        (other) => other.name === field.name || field.aliases.includes(other.name),
      );
      if (written) return compare(field.type, written.type, at);
      return field.defaultValue() === undefined
        ? [{ field: at, reason: 'is new and has no default, so data written before cannot be read' }]
        : [];
    });
  }
  if (reader instanceof avsc.types.ArrayType && writer instanceof avsc.types.ArrayType)
    return compare(reader.itemsType, writer.itemsType, `${path}[]`);
  if (reader instanceof avsc.types.MapType && writer instanceof avsc.types.MapType)
    return compare(reader.valuesType, writer.valuesType, `${path}{}`);
  const branches = branchesOf(reader);
  // a branch of the writer that no branch of the reader takes; a record with the reader's own name is looked into
  return branchesOf(writer).flatMap((branch) => {
    if (branches.some((candidate) => resolverError(candidate, branch) === undefined)) return [];
    const namesake = branches.find(
      (candidate) => candidate.name !== undefined && candidate.name === branch.name,
    );
    if (namesake && namesake !== reader) return compare(namesake, branch, path);
    return [
      { field: path, reason: `was ${label(branch)}, which ${branches.map(label).join(' or ')} cannot read` },
    ];
  });
}

const branchesOf = (type: Type): Type[] =>
  type instanceof avsc.types.UnwrappedUnionType || type instanceof avsc.types.WrappedUnionType
    ? [...type.types]
    : [type];

const label = (type: Type): string => type.name ?? type.typeName;

function resolverError(reader: Type, writer: Type): string | undefined {
  try {
    reader.createResolver(writer);
    return undefined;
  } catch (error) {
    // the only way avsc has to say no
    return error instanceof Error ? error.message : String(error);
  }
}
