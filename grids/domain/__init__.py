"""The territory without a framework: division codes, place names, schematic maps."""
