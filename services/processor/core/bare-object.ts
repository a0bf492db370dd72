/** Its instances inherit nothing, as `Object.create(null)`, but are no hash table, which costs thrice as much. */
class Bare {}
Object.setPrototypeOf(Bare.prototype, null);
Reflect.deleteProperty(Bare.prototype, 'constructor');

/** An object under construction whose keys are data: `constructor` is not there until it is set. */
export const bareObject = <Value>(): Record<string, Value> => new Bare() as Record<string, Value>;
