"""The first tables."""

import sqlalchemy as sa
from alembic import op
import storage.types

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_seal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('from_id', sa.BigInteger(), nullable=False),
    sa.Column('to_id', sa.BigInteger(), nullable=False),
    sa.Column('head', sa.Text(), nullable=False),
    sa.Column('sealed_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_seal'))
    )
    op.create_table('calendar_day',
    sa.Column('date', sa.Date(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('notice', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('date', name=op.f('pk_calendar_day'))
    )
    op.create_table('counterpart',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('legacy_code', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('pinyin', sa.Text(), nullable=True),
    sa.Column('initials', sa.Text(), nullable=True),
    sa.Column('person_label', storage.types.Encrypted(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counterpart')),
    sa.UniqueConstraint('code', name=op.f('uq_counterpart_code'))
    )
    with op.batch_alter_table('counterpart', schema=None) as batch_op:
        batch_op.create_index('ix_counterpart_initials', ['initials'], unique=False)
        batch_op.create_index('ix_counterpart_name', ['name'], unique=False)

    op.create_table('heartbeat',
    sa.Column('part', sa.Text(), nullable=False),
    sa.Column('at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('part', name=op.f('pk_heartbeat'))
    )
    op.create_table('inbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('update_id', sa.BigInteger(), nullable=False),
    sa.Column('lane', sa.Text(), nullable=False),
    sa.Column('raw', storage.types.Encrypted(), nullable=False),
    sa.Column('state', sa.Enum('received', 'done', 'shown', 'dead', name='inboxstate', native_enum=False, length=24), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('not_before', storage.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('reply', storage.types.Encrypted(), nullable=True),
    sa.Column('incident', sa.Text(), nullable=True),
    sa.Column('received_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox')),
    sa.UniqueConstraint('update_id', name=op.f('uq_inbox_update_id'))
    )
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.create_index('ix_inbox_finished', ['received_at'], unique=False)
        batch_op.create_index('ix_inbox_unshown', ['id'], unique=False, sqlite_where=sa.text('reply IS NOT NULL'), postgresql_where=sa.text('reply IS NOT NULL'))
        batch_op.create_index('ix_inbox_waiting', ['lane', 'id'], unique=False, sqlite_where=sa.text("state = 'received'"), postgresql_where=sa.text("state = 'received'"))

    op.create_table('periodic_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('period', sa.Text(), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('ran_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_periodic_run')),
    sa.UniqueConstraint('kind', 'period', 'scope', name=op.f('uq_periodic_run_kind_period_scope'))
    )
    op.create_table('policy_snapshot',
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('schema_version', sa.Integer(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('first_used_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_policy_snapshot'))
    )
    op.create_table('reminder',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subject_kind', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('audience', sa.Text(), nullable=False),
    sa.Column('basis_version', sa.Integer(), nullable=False),
    sa.Column('due_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('urgency', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('planned', 'queued', 'sent', 'acknowledged', 'cancelled', 'superseded', name='reminderstate', native_enum=False, length=24), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('snoozed_to', storage.types.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('subject_kind', 'subject_id', 'kind', 'stage', 'audience', 'basis_version', name=op.f('uq_reminder_subject_kind_subject_id_kind_stage_audience_basis_version'))
    )
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.create_index('ix_reminder_due', ['due_at'], unique=False, sqlite_where=sa.text("state = 'planned'"), postgresql_where=sa.text("state = 'planned'"))

    op.create_table('setting',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_setting'))
    )
    op.create_table('stranger',
    sa.Column('telegram_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('refused_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('telegram_id', name=op.f('pk_stranger'))
    )
    op.create_table('unit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('short_name', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('parent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['unit.id'], name=op.f('fk_unit_parent_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit')),
    sa.UniqueConstraint('code', name=op.f('uq_unit_code'))
    )
    op.create_table('work',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('params', storage.types.Encrypted(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'running', 'done', 'failed', name='workstate', native_enum=False, length=24), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('lease_until', storage.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('inbox_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_work'))
    )
    with op.batch_alter_table('work', schema=None) as batch_op:
        batch_op.create_index('ix_work_state', ['state', 'id'], unique=False)

    op.create_table('counterpart_alias',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('counterpart_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['counterpart_id'], ['counterpart.id'], name=op.f('fk_counterpart_alias_counterpart_id_counterpart')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counterpart_alias')),
    sa.UniqueConstraint('counterpart_id', 'name', name=op.f('uq_counterpart_alias_counterpart_id_name'))
    )
    op.create_table('decision',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('policy_hash', sa.Text(), nullable=False),
    sa.Column('matter_code', sa.Text(), nullable=True),
    sa.Column('answers', storage.types.Encrypted(), nullable=False),
    sa.Column('rule_ids', sa.JSON(), nullable=False),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['policy_hash'], ['policy_snapshot.hash'], name=op.f('fk_decision_policy_hash_policy_snapshot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision'))
    )
    op.create_table('person',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('telegram_id', sa.BigInteger(), nullable=False),
    sa.Column('unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.Enum('officer', 'liaison', 'head', 'coordinator', 'auditor', name='role', native_enum=False, length=24), nullable=False),
    sa.Column('state', sa.Enum('active', 'suspended', 'left', name='personstate', native_enum=False, length=24), nullable=False),
    sa.Column('name', storage.types.Encrypted(), nullable=True),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('reachable', sa.Boolean(), nullable=False),
    sa.Column('screen_message_id', sa.BigInteger(), nullable=True),
    sa.Column('joined_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_person_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('telegram_id', name=op.f('uq_person_telegram_id'))
    )
    op.create_table('audit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('update_id', sa.BigInteger(), nullable=True),
    sa.Column('verb', sa.Text(), nullable=False),
    sa.Column('subject_kind', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=True),
    sa.Column('before', storage.types.Encrypted(), nullable=True),
    sa.Column('after', storage.types.Encrypted(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['person.id'], name=op.f('fk_audit_actor_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.create_index('ix_audit_subject', ['subject_kind', 'subject_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_update_id'), ['update_id'], unique=False)

    op.create_table('cover',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('to_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_cover_by_id_person')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_cover_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cover'))
    )
    with op.batch_alter_table('cover', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cover_person_id'), ['person_id'], unique=False)

    op.create_table('draft',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=True),
    sa.Column('answers', storage.types.Encrypted(), nullable=False),
    sa.Column('awaiting', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('updated_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_draft_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft')),
    sqlite_autoincrement=True,
    )
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.create_index('uq_draft_active', ['person_id'], unique=True, sqlite_where=sa.text('active'), postgresql_where=sa.text('active'))

    op.create_table('invite',
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.Enum('officer', 'liaison', 'head', 'coordinator', 'auditor', name='role', native_enum=False, length=24), nullable=False),
    sa.Column('invited_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('expires_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', storage.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('used_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['invited_by'], ['person.id'], name=op.f('fk_invite_invited_by_person')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_invite_unit_id_unit')),
    sa.ForeignKeyConstraint(['used_by'], ['person.id'], name=op.f('fk_invite_used_by_person')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_invite'))
    )
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('params', storage.types.Encrypted(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('not_before', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('due', 'claimed', 'sent', 'unknown', 'refused', 'held', 'cancelled', name='outboxstate', native_enum=False, length=24), nullable=False),
    sa.Column('lease_until', storage.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('dedupe', sa.Text(), nullable=False),
    sa.Column('created_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_outbox_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('dedupe', name=op.f('uq_outbox_dedupe'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_open', ['priority', 'not_before', 'id'], unique=False, sqlite_where=sa.text("state IN ('due', 'claimed', 'unknown')"), postgresql_where=sa.text("state IN ('due', 'claimed', 'unknown')"))

    op.create_table('recent_matter',
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('matter_code', sa.Text(), nullable=False),
    sa.Column('used_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_recent_matter_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', 'matter_code', name=op.f('pk_recent_matter'))
    )
    op.create_table('referral',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('policy_hash', sa.Text(), nullable=False),
    sa.Column('answers', storage.types.Encrypted(), nullable=False),
    sa.Column('note', storage.types.Encrypted(), nullable=True),
    sa.Column('state', sa.Enum('open', 'answered', 'withdrawn', name='referralstate', native_enum=False, length=24), nullable=False),
    sa.Column('answer', storage.types.Encrypted(), nullable=True),
    sa.Column('answered_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['answered_by'], ['person.id'], name=op.f('fk_referral_answered_by_person')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_referral_person_id_person')),
    sa.ForeignKeyConstraint(['policy_hash'], ['policy_snapshot.hash'], name=op.f('fk_referral_policy_hash_policy_snapshot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral'))
    )
    op.create_table('request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('decision_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('matter_code', sa.Text(), nullable=True),
    sa.Column('matter_name', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('open', 'closed', 'withdrawn', 'undone', name='requeststate', native_enum=False, length=24), nullable=False),
    sa.Column('decide_on', sa.Date(), nullable=True),
    sa.Column('submit_by_on', sa.Date(), nullable=True),
    sa.Column('submit_by_provisional', sa.Boolean(), nullable=False),
    sa.Column('basis_version', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('undone_at', storage.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], name=op.f('fk_request_decision_id_decision')),
    sa.ForeignKeyConstraint(['owner_id'], ['person.id'], name=op.f('fk_request_owner_id_person')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_request_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request')),
    sa.UniqueConstraint('unit_id', 'year', 'seq', name=op.f('uq_request_unit_id_year_seq'))
    )
    with op.batch_alter_table('request', schema=None) as batch_op:
        batch_op.create_index('ix_request_owner', ['owner_id', 'state'], unique=False)

    op.create_table('attempt',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('outbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('started_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['outbox_id'], ['outbox.id'], name=op.f('fk_attempt_outbox_id_outbox')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt')),
    sa.UniqueConstraint('outbox_id', 'n', name=op.f('uq_attempt_outbox_id_n'))
    )
    op.create_table('item',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_kind', sa.Text(), nullable=False),
    sa.Column('product_code', sa.Text(), nullable=False),
    sa.Column('counterpart_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('head_count', sa.Integer(), nullable=True),
    sa.Column('applicant', sa.Enum('bureau', 'counterpart', name='applicant', native_enum=False, length=24), nullable=True),
    sa.Column('state', sa.Enum('draft', 'submitted', 'received', 'supplement', 'returned', 'used', 'withdrawn', 'recorded', name='itemstate', native_enum=False, length=24), nullable=False),
    sa.Column('submitted_on', sa.Date(), nullable=True),
    sa.Column('received_on', sa.Date(), nullable=True),
    sa.Column('returned_on', sa.Date(), nullable=True),
    sa.Column('used_on', sa.Date(), nullable=True),
    sa.Column('used_as', sa.Text(), nullable=True),
    sa.Column('basis', sa.Text(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('due_provisional', sa.Boolean(), nullable=False),
    sa.Column('reused_opinion_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['counterpart_id'], ['counterpart.id'], name=op.f('fk_item_counterpart_id_counterpart')),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_item_request_id_request')),
    sa.ForeignKeyConstraint(['reused_opinion_id'], ['opinion.id'], name=op.f('fk_item_reused_opinion_id_opinion'), use_alter=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item'))
    )
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.create_index('ix_item_counterpart', ['counterpart_id', 'product_kind'], unique=False)
        batch_op.create_index('ix_item_request', ['request_id'], unique=False)
        batch_op.create_index('ix_item_submitted', ['submitted_on', 'product_kind'], unique=False)

    op.create_table('outbox_reminder',
    sa.Column('outbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reminder_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['outbox_id'], ['outbox.id'], name=op.f('fk_outbox_reminder_outbox_id_outbox')),
    sa.ForeignKeyConstraint(['reminder_id'], ['reminder.id'], name=op.f('fk_outbox_reminder_reminder_id_reminder')),
    sa.PrimaryKeyConstraint('outbox_id', 'reminder_id', name=op.f('pk_outbox_reminder'))
    )
    with op.batch_alter_table('outbox_reminder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbox_reminder_reminder_id'), ['reminder_id'], unique=False)

    op.create_table('attachment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('added_at', storage.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_attachment_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment'))
    )
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attachment_item_id'), ['item_id'], unique=False)

    op.create_table('commitment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.Enum('signed', 'fulfilling', 'fulfilled', 'breached', name='commitmentstate', native_enum=False, length=24), nullable=False),
    sa.Column('letters', sa.Integer(), nullable=False),
    sa.Column('in_form', sa.Boolean(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=True),
    sa.Column('signed_on', sa.Date(), nullable=True),
    sa.Column('fulfil_by_on', sa.Date(), nullable=True),
    sa.Column('evidence', storage.types.Encrypted(), nullable=True),
    sa.Column('handling', storage.types.Encrypted(), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_commitment_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_commitment')),
    sa.UniqueConstraint('item_id', name=op.f('uq_commitment_item_id'))
    )
    op.create_table('credit_report',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agency', sa.Text(), nullable=True),
    sa.Column('number', sa.Text(), nullable=True),
    sa.Column('on', sa.Date(), nullable=True),
    sa.Column('grade', sa.Text(), nullable=True),
    sa.Column('blocks', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_credit_report_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_report')),
    sa.UniqueConstraint('item_id', name=op.f('uq_credit_report_item_id'))
    )
    op.create_table('opinion',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('counterpart_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('number', sa.Text(), nullable=True),
    sa.Column('issuer', sa.Text(), nullable=True),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=False),
    sa.Column('valid_source', sa.Text(), nullable=False),
    sa.Column('result', storage.types.Encrypted(), nullable=True),
    sa.Column('superseded_at', storage.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['counterpart_id'], ['counterpart.id'], name=op.f('fk_opinion_counterpart_id_counterpart')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_opinion_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opinion'))
    )
    with op.batch_alter_table('opinion', schema=None) as batch_op:
        batch_op.create_index('ix_opinion_counterpart', ['counterpart_id', 'valid_to'], unique=False)
    if op.get_bind().dialect.name == 'postgresql':
        # SQLite took it with the table; PostgreSQL cannot name a table that is not there yet.
        op.create_foreign_key(
            op.f('fk_item_reused_opinion_id_opinion'), 'item', 'opinion', ['reused_opinion_id'], ['id']
        )

    op.create_table('opinion_use',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('opinion_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_opinion_use_item_id_item')),
    sa.ForeignKeyConstraint(['opinion_id'], ['opinion.id'], name=op.f('fk_opinion_use_opinion_id_opinion')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opinion_use')),
    sa.UniqueConstraint('opinion_id', 'item_id', name=op.f('uq_opinion_use_opinion_id_item_id'))
    )


def downgrade() -> None:
    op.drop_table('opinion_use')
    if op.get_bind().dialect.name == 'postgresql':
        op.drop_constraint(op.f('fk_item_reused_opinion_id_opinion'), 'item', type_='foreignkey')
    with op.batch_alter_table('opinion', schema=None) as batch_op:
        batch_op.drop_index('ix_opinion_counterpart')

    op.drop_table('opinion')
    op.drop_table('credit_report')
    op.drop_table('commitment')
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_attachment_item_id'))

    op.drop_table('attachment')
    with op.batch_alter_table('outbox_reminder', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outbox_reminder_reminder_id'))

    op.drop_table('outbox_reminder')
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.drop_index('ix_item_submitted')
        batch_op.drop_index('ix_item_request')
        batch_op.drop_index('ix_item_counterpart')

    op.drop_table('item')
    op.drop_table('attempt')
    with op.batch_alter_table('request', schema=None) as batch_op:
        batch_op.drop_index('ix_request_owner')

    op.drop_table('request')
    op.drop_table('referral')
    op.drop_table('recent_matter')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_open', sqlite_where=sa.text("state IN ('due', 'claimed', 'unknown')"), postgresql_where=sa.text("state IN ('due', 'claimed', 'unknown')"))

    op.drop_table('outbox')
    op.drop_table('invite')
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.drop_index('uq_draft_active', sqlite_where=sa.text('active'), postgresql_where=sa.text('active'))

    op.drop_table('draft')
    with op.batch_alter_table('cover', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cover_person_id'))

    op.drop_table('cover')
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_update_id'))
        batch_op.drop_index('ix_audit_subject')

    op.drop_table('audit')
    op.drop_table('person')
    op.drop_table('decision')
    op.drop_table('counterpart_alias')
    with op.batch_alter_table('work', schema=None) as batch_op:
        batch_op.drop_index('ix_work_state')

    op.drop_table('work')
    op.drop_table('unit')
    op.drop_table('stranger')
    op.drop_table('setting')
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.drop_index('ix_reminder_due', sqlite_where=sa.text("state = 'planned'"), postgresql_where=sa.text("state = 'planned'"))

    op.drop_table('reminder')
    op.drop_table('policy_snapshot')
    op.drop_table('periodic_run')
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.drop_index('ix_inbox_waiting', sqlite_where=sa.text("state = 'received'"), postgresql_where=sa.text("state = 'received'"))
        batch_op.drop_index('ix_inbox_unshown', sqlite_where=sa.text('reply IS NOT NULL'), postgresql_where=sa.text('reply IS NOT NULL'))
        batch_op.drop_index('ix_inbox_finished')

    op.drop_table('inbox')
    op.drop_table('heartbeat')
    with op.batch_alter_table('counterpart', schema=None) as batch_op:
        batch_op.drop_index('ix_counterpart_name')
        batch_op.drop_index('ix_counterpart_initials')

    op.drop_table('counterpart')
    op.drop_table('calendar_day')
    op.drop_table('audit_seal')
