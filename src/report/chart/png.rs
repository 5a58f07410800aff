//! A chart as a picture of pixels, for wherever no SVG is shown. Texts are drawn in fonts that the program brings along, so
//! that the picture is the same on every machine.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-Bold.ttf");

/// Pixels for each unit of the shown size: sharp on paper and on fine screens.
const SCALE: f32 = 2.0;

/// A chart of this module as PNG, twice as large as it is shown.
pub fn png(svg: &str) -> Vec<u8> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    let options = Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).expect("a chart of ours is sound SVG");
    let size = tree.size().to_int_size().scale_by(SCALE).expect("a chart has a size");
    let mut pixels = Pixmap::new(size.width(), size.height()).expect("a chart has a size");
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().expect("memory takes every picture")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_size_and_shows_something() {
        for (name, svg, _) in super::super::soundness::charts("Latency", 3) {
            let picture = Pixmap::decode_png(&png(&svg)).expect("it is a PNG");
            let width: u32 = svg[12..].split('"').next().and_then(|it| it.parse().ok()).expect("a width");
            assert_eq!(picture.width(), width * 2, "{name}");
            let inked =
                picture.pixels().iter().filter(|it| (it.red(), it.green(), it.blue()) != (255, 255, 255)).count();
            let share = inked as f64 / picture.pixels().len() as f64;
            assert!((0.005..0.6).contains(&share), "{name}: {share}");
        }
    }
}
