"""Alembic's entry: the connection comes from the program, which holds the writer's place."""

from alembic import context

from storage.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    transactional_ddl=True,  # SQLite has it too, and a migration is whole or not there
)
with context.begin_transaction():
    context.run_migrations()
