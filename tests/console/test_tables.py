from __future__ import annotations

import pytest

from eden.console.tables import label_cells


def test_cells_learn_their_columns() -> None:
    row = label_cells('<th>1</th>\n<td class="number">2</td><td>3</td>', ["Name", 'Si"ze', "By"])
    assert row == (
        '<th role="rowheader" scope="row" data-label="Name">1</th>\n'
        '<td role="cell" data-label="Si&#34;ze" class="number">2</td><td role="cell" data-label="By">3</td>'
    )


def test_words_that_begin_alike_are_no_cells() -> None:
    assert "<tdata" in label_cells("<td><tdata></td>", ["A"])


@pytest.mark.parametrize(("labels", "sentence"), [(["A"], "more cells"), (["A", "B", "C"], "no cell for the column C")])
def test_a_row_has_a_cell_for_each_column(labels: list[str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        label_cells("<td>1</td><td>2</td>", labels)
