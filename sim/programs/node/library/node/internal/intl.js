// Intl, in English only: numbers and dates as their own toLocaleString() has them.
'use strict';
class NumberFormat {
  constructor(locale, options) { this.locale = locale ?? 'en-US'; this.options = options; this.format = (value) => value.toLocaleString(this.locale, this.options); }
}
class DateTimeFormat {
  constructor(locale, options) {
    this.locale = locale ?? 'en-US';
    this.format = (value) => new Date(value ?? Date.now()).toLocaleDateString(this.locale, options);
  }
  resolvedOptions() { return { locale: this.locale, calendar: 'gregory', numberingSystem: 'latn', timeZone: 'UTC' }; }
}
class Collator {
  constructor() { this.compare = (one, other) => one.localeCompare(other); }
}
class PluralRules {
  select(count) { return count === 1 ? 'one' : 'other'; }
}
module.exports = { NumberFormat, DateTimeFormat, Collator, PluralRules };
