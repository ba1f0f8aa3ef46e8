//! PNG images decode back to the right size, pixels and colours.

use earmark_report::*;

/// Width, height and RGB pixels, decoded by the png crate with the palette expanded.
fn decode(png: &[u8]) -> (usize, usize, Vec<[u8; 3]>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG header");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("pixels");
    assert_eq!(info.color_type, png::ColorType::Rgb);
    let pixels = bytes[..info.buffer_size()]
        .chunks(3)
        .map(|p| [p[0], p[1], p[2]])
        .collect();
    (info.width as usize, info.height as usize, pixels)
}

#[test]
fn low_frequencies_are_at_the_bottom_and_time_runs_right() {
    // Two bands of three frames: the low band rises from -80 to -40, the high one holds the maximum at its end.
    let (width, height, pixels) = decode(
        &Heatmap::SPECTROGRAM
            .png(&[-80.0, -60.0, -40.0, -70.0, -50.0, 0.0], 2, 3)
            .expect("an image"),
    );
    assert_eq!((width, height), (3, 2));
    let shade = |db: f64| Colormap::Magma.rgb(((db + 80.0) / 80.0 * 254.0).round() / 254.0);
    let wanted: Vec<[u8; 3]> = [-70.0, -50.0, 0.0, -80.0, -60.0, -40.0].map(shade).to_vec();
    assert_eq!(pixels, wanted);
}

#[test]
fn odd_values_are_seen_and_do_not_stretch_the_scale() {
    let data = [f32::NAN, f32::NEG_INFINITY, f32::INFINITY, 0.0, 1.0, 0.5];
    let (_, _, pixels) = decode(&Heatmap::default().png(&data, 1, 6).expect("an image"));
    let [dark, light] = [0.0, 1.0].map(|p| Colormap::Magma.rgb(p));
    assert_eq!(pixels[..5], [[128; 3], dark, light, dark, light]);
    let (_, _, flat) = decode(&Heatmap::SPECTROGRAM.png(&[3.0; 4], 2, 2).expect("an image"));
    assert_eq!(flat, [dark; 4]);
}

#[test]
fn a_given_range_and_order_are_kept() {
    let heatmap = Heatmap {
        colormap: Colormap::Viridis,
        range: Some((0.0, 10.0)),
        first_row_at_bottom: false,
    };
    let (_, _, pixels) = decode(&heatmap.png(&[0.0, 20.0], 2, 1).expect("an image"));
    assert_eq!(pixels, [Colormap::Viridis.rgb(0.0), Colormap::Viridis.rgb(1.0)]);
}

#[test]
fn sizes_that_contradict_are_refused() {
    let error = Heatmap::SPECTROGRAM.png(&[0.0; 5], 2, 3).expect_err("5 is not 6");
    assert_eq!(
        error,
        ReportError::ImageSize {
            bands: 2,
            frames: 3,
            expected: 6,
            found: 5
        }
    );
    assert!(matches!(
        Heatmap::SPECTROGRAM.png(&[], 0, 3),
        Err(ReportError::ImageSide { .. })
    ));
    assert!(matches!(
        Heatmap::SPECTROGRAM.png(&[0.0], usize::MAX, 2),
        Err(ReportError::ImageSide { .. })
    ));
}

#[test]
fn long_clips_are_narrowed_but_keep_their_clicks() {
    // 4,001 frames in groups of 6; one click in frame 1,234 of the upper band.
    let mut values = vec![0.0f32; 2 * 4001];
    values[4001 + 1234] = 9.0;
    let image = SpectrogramImage::new("click", values.clone(), 2, 4001).expect("sizes agree");
    let narrow: Vec<f32> = values
        .chunks(4001)
        .flat_map(|r| r.chunks(6).map(|c| c.iter().copied().fold(0.0, f32::max)))
        .collect();
    let wanted = SpectrogramImage::new("narrow", narrow, 2, 667).expect("sizes agree");
    assert_eq!(
        image.to_data_uri().expect("an image"),
        wanted.to_data_uri().expect("an image")
    );
}
