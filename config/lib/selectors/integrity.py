"""Rules of the primitives: runs end, chunks add up, releases and files are what was stored."""

from collections.abc import Iterator
from hashlib import sha256

from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _

from config.lib.crypto import Unreadable
from config.lib.files import PART, opened, read_sealed
from config.lib.integrity import rule_by_sample, rule_by_sql, sampled
from config.lib.models import Release, StoredFile
from config.lib.releases import document_hash

rule_by_sql(
    "lib.runs_end",
    _("没有排队或进行超过一天的任务"),
    "select id from lib_jobrun where state in ('queued', 'running') and queued_at < now() - interval '1 day'",
)
rule_by_sql(
    "lib.chunks_add_up",
    _("任务的分片编号连续，完成数与分片相符，已完成的任务没有未做的分片"),
    """
    select run.id
    from lib_jobrun as run
    left join (select run_id, count(*) as whole, count(*) filter (where is_done) as done, max(number) as last
               from lib_jobchunk group by run_id) as chunk on chunk.run_id = run.id
    where (coalesce(chunk.whole, 0), coalesce(chunk.done, 0)) is distinct from (run.chunks_total, run.chunks_done)
       or coalesce(chunk.last, 0) <> coalesce(chunk.whole, 0)
       or (run.state = 'done' and run.chunks_done <> run.chunks_total)
    """,
)
rule_by_sql(
    "lib.releases_are_signed_by_two",
    _("参数发布由两人签署，版本号连续"),
    """
    select id from lib_release where drafted_by_id = released_by_id
    union all
    select max(id) from lib_release group by institution_id, kind, key having max(version) <> count(*)
    """,
)
rule_by_sql(
    "lib.released_drafts_are_their_releases",
    _("发布的草稿与由它产生的版本内容、起草人、发布人一致，没有版本先于起草"),
    """
    select draft.id
    from lib_parameterdraft as draft
    left join lib_release as release on release.id = draft.release_id
    left join lib_release as base on base.id = draft.base_id
    where draft.state = 'released' and (
        (release.document, release.sha256, release.kind, release.key, release.institution_id, release.drafted_by_id, release.released_by_id)
            is distinct from
        (draft.document, draft.sha256, draft.kind, draft.key, draft.institution_id, draft.drafted_by_id, draft.settled_by_id)
        or release.version is distinct from coalesce(base.version, 0) + 1
    )
    """,
)


@rule_by_sample("lib.releases_are_what_was_signed", _("参数文档与发布时的摘要一致"))
def _changed_releases(_sample: int) -> Iterator[str]:
    for release in Release.objects.order_by("pk").iterator(chunk_size=20):
        if document_hash(release.document) != release.sha256:
            yield f"{release.pk}"


@rule_by_sample("lib.files_are_what_was_stored", _("文件都在，大小和摘要与入库时一致"))
def _broken_files(sample: int) -> Iterator[str]:
    for file in sampled(StoredFile.objects.all(), sample):
        if not _is_intact(file):
            yield f"{file.pk}"


def _is_intact(file: StoredFile) -> bool:
    if not default_storage.exists(file.storage_key):
        return False
    try:
        if file.is_encrypted:
            return sum(len(part) for part in read_sealed(file)) == file.size  # compares the digest at the end
        if file.kind == StoredFile.Kind.PHOTO:
            # The digest of a photo is that of the picture as taken; what is kept was encoded anew.
            return default_storage.size(file.storage_key) == file.size
        digest, size = sha256(), 0
        with opened(file) as stored:
            while part := stored.read(PART):
                digest.update(part)
                size += len(part)
        return (digest.hexdigest(), size) == (file.sha256, file.size)
    except (Unreadable, OSError, IndexError):
        return False
