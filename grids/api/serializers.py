"""The territory as the API writes it."""

from rest_framework import serializers

from config.lib.api.fields import Reference
from grids.models import Branch, Grid


class BranchSerializer(serializers.ModelSerializer[Branch]):
    """A head office, branch or outlet."""

    id = Reference()
    parent_id = Reference(allow_null=True)

    class Meta:
        model = Branch
        fields: tuple[str, ...] = ("id", "parent_id", "kind", "name", "town_code", "is_open")
        read_only_fields = fields


class GridSerializer(serializers.ModelSerializer[Grid]):
    """A grid: where it belongs, its division code, its official count and where that comes from."""

    id = Reference()
    branch_id = Reference()
    parent_id = Reference(allow_null=True)

    class Meta:
        model = Grid
        fields: tuple[str, ...] = (
            "id",
            "branch_id",
            "parent_id",
            "kind",
            "name",
            "division_code",
            "town",
            "phase",
            "official_count",
            "official_source",
            "official_on",
            "latitude",
            "longitude",
        )
        read_only_fields = fields


class GridDetails(GridSerializer):
    """A grid with its boundary and what it was called before."""

    boundary = serializers.JSONField(read_only=True, allow_null=True, help_text="GeoJSON geometry")
    former_names = serializers.ListField(child=serializers.CharField(), read_only=True)
    predecessor_codes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(GridSerializer.Meta):
        fields: tuple[str, ...] = (
            *GridSerializer.Meta.fields,
            "boundary",
            "is_schematic",
            "former_names",
            "predecessor_codes",
        )
        read_only_fields = fields
