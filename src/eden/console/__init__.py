"""The console's frame: layout, navigation, design, translations, plots. Services bring the pages (docs/console.md)."""
