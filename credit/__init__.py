"""Credit: model lines, village rounds with sealed assessments, decisions. Reads customers, never changes their files."""
